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

variable "name" {
  type        = string
  description = "What the app is called, in its resources' Name tags"
  default     = "web"
}

variable "instance_type" {
  type        = string
  description = "Size of the server"
  default     = "t3.micro"
}

variable "disk_gb" {
  type        = number
  description = "Size of the server's encrypted disk in GiB"
  default     = 8
}

variable "visitors" {
  type        = string
  description = "Which addresses may open the page, as a CIDR block"
  default     = "0.0.0.0/0"
}

variable "retention_days" {
  type        = number
  description = "Days that an unread job stays in the queue"
  default     = 4
}

variable "delete_files" {
  type        = bool
  description = "Whether destroying the deployment also deletes the files in its bucket"
  default     = false
}
