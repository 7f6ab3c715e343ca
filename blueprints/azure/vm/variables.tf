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

variable "ssh_public_key" {
  type        = string
  description = "Your public SSH key, the only way to log in: passwords are off"
}

variable "size" {
  type        = string
  description = "Size of the server"
  default     = "Standard_B1s"
}

variable "disk_gb" {
  type        = number
  description = "Size of the server's disk in GiB"
  default     = 32
}

variable "visitors" {
  type        = string
  description = "Which addresses may open the page, as a CIDR block"
  default     = "none"
}

variable "login_from" {
  type        = string
  description = "Which addresses may try to log in, as a CIDR block; never everybody"
  default     = "none"
}
