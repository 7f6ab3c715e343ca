variable "deployment" {
  type        = string
  description = "Name of the deployment, unique in its guild; set by the control plane"
}

variable "guild_id" {
  type        = string
  description = "Discord guild that owns the deployment; set by the control plane"
}

variable "project_id" {
  type        = string
  description = "Cloud project or account that the session named; set by the control plane"
}

variable "region" {
  type        = string
  description = "Region that the session named; set by the control plane"
}

variable "image" {
  type        = string
  description = "The container's image"
  default     = "us-docker.pkg.dev/cloudrun/container/hello"
}

variable "port" {
  type        = number
  description = "Port on which the container listens"
  default     = 8080
}

variable "cpu" {
  type        = string
  description = "Processors of one instance"
  default     = "1"
}

variable "memory" {
  type        = string
  description = "Memory of one instance"
  default     = "512Mi"
}

variable "max_instances" {
  type        = number
  description = "How many instances may run at once, which bounds the bill"
  default     = 3
}

variable "public" {
  type        = bool
  description = "Whether everybody may call it, without signing in to Google"
  default     = false
}
