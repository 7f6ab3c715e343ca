"""The embedded default: emulated AWS, real Terraform, and a stand-in for Discord. Nothing of the product knows it exists."""
