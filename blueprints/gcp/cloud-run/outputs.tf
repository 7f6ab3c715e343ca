output "url" {
  description = "The service's address; unless it is public, a caller signs in to Google"
  value       = google_cloud_run_v2_service.app.uri
}

output "service" {
  description = "The service's name"
  value       = google_cloud_run_v2_service.app.name
}

output "account" {
  description = "The account that the container runs as; it may do nothing until you give it roles"
  value       = google_service_account.app.email
}
