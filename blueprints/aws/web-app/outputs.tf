output "url" {
  description = "The app's page, some two minutes after the server's first start"
  value       = "http://${aws_eip.web.public_ip}/"
}

output "public_ip" {
  description = "The server's fixed address"
  value       = aws_eip.web.public_ip
}

output "bucket" {
  description = "The private bucket for the app's files"
  value       = aws_s3_bucket.files.id
}

output "queue_url" {
  description = "The queue for the app's jobs"
  value       = aws_sqs_queue.jobs.id
}
