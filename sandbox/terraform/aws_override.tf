# For the AWS provider from version 5 on; it takes the address from AWS_ENDPOINT_URL. Only for modules with a provider "aws".
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
