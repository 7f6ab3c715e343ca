output "url" {
  description = "The page, some two minutes after the server's first start"
  value       = var.visitors == "none" ? "none: nobody may visit it" : "http://${azurerm_public_ip.web.ip_address}/"
}

output "login" {
  description = "How to log in, with the private key that belongs to the public one"
  value       = var.login_from == "none" ? "none: nobody may" : "ssh chatops@${azurerm_public_ip.web.ip_address}"
}

output "resource_group" {
  description = "The group that holds all of it"
  value       = azurerm_resource_group.web.name
}

output "public_ip" {
  description = "The server's fixed address"
  value       = azurerm_public_ip.web.ip_address
}
