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

variable "title" {
  type        = string
  description = "The page's heading"
  default     = "Hello from Discord"
}

variable "text" {
  type        = string
  description = "The paragraph below the heading"
  default     = "This page was deployed by a slash command."
}

variable "theme" {
  type        = string
  description = "The page's colours"
  default     = "light"
}
