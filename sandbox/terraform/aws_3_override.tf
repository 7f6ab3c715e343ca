# For version 3 of the AWS provider, which does not read AWS_ENDPOINT_URL: who drops this file fills the address in.
# Only for modules with a provider "aws".
provider "aws" {
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {
    ec2 = "__ENDPOINT__"
    s3  = "__ENDPOINT__"
    sqs = "__ENDPOINT__"
    ssm = "__ENDPOINT__"
    sts = "__ENDPOINT__"
    iam = "__ENDPOINT__"
  }
}
