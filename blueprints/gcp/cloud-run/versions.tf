terraform {
  # 1.10 brought the S3 backend's own lock file, in Terraform and in OpenTofu.
  required_version = ">= 1.10"

  required_providers {
    google = {
      source = "hashicorp/google"
      # Of this version is the schema that the tests check the module against: tests/vectors/provider_schemas.
      version = "~> 6.50"
    }
  }
}
