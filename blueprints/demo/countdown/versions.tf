terraform {
  # 1.10 brought the S3 backend's own lock file, in Terraform and in OpenTofu.
  required_version = ">= 1.10"
}
