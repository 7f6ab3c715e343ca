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

variable "steps" {
  type        = number
  description = "How many steps there are"
  default     = 5
}

variable "seconds" {
  type        = number
  description = "How long each step takes"
  default     = 3
}

variable "order" {
  type        = string
  description = "Steps beside one another (Terraform takes ten at a time) or one after another"
  default     = "parallel"
}

variable "fail_at" {
  type        = number
  description = "Which step fails; 0 for none"
  default     = 0
}
