output "url" {
  description = "The page's address"
  value       = "https://${aws_s3_bucket.site.bucket_regional_domain_name}/index.html"
}

output "bucket" {
  description = "The bucket that holds the page"
  value       = aws_s3_bucket.site.id
}
