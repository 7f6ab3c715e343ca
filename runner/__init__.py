"""The program that runs Terraform or OpenTofu inside a build; standard library only."""
