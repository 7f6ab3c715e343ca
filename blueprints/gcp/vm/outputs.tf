output "url" {
  description = "The page, some two minutes after the server's first start"
  value       = var.visitors == "none" ? "none: nobody may visit it" : "http://${google_compute_address.web.address}/"
}

output "server" {
  description = "The server's name"
  value       = google_compute_instance.web.name
}

output "zone" {
  description = "The zone that the server is in"
  value       = google_compute_instance.web.zone
}

output "public_ip" {
  description = "The server's fixed address"
  value       = google_compute_address.web.address
}
