"""Reading Terraform and OpenTofu: plan JSON, `-json` lines and human text."""
