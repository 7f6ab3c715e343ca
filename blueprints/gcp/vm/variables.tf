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

variable "machine_type" {
  type        = string
  description = "Size of the server"
  default     = "e2-micro"
}

variable "disk_gb" {
  type        = number
  description = "Size of the server's disk in GB"
  default     = 10
}

variable "visitors" {
  type        = string
  description = "Which addresses may open the page, as a CIDR block"
  default     = "none"
}

variable "remote_login" {
  type        = bool
  description = "Whether people of the project may log in through Google's Identity-Aware Proxy"
  default     = false
}
