"""The embedded default: emulated AWS, real Terraform, and a stand-in for Discord; the product knows nothing of it."""
