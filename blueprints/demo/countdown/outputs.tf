output "steps" {
  description = "How many steps were taken"
  value       = var.steps
}
