# A browser needs no more than a public object with a content type, under the bucket's own HTTPS address. S3's website
# feature would add index pages for folders, but has no HTTPS, and moved from an argument of aws_s3_bucket to a resource
# of its own; this works with every provider from 3.39 on.

provider "aws" {
  # Keys of another account end the plan, before it finds nothing there and forgets what exists.
  allowed_account_ids = [var.project_id]

  # These, and the tag Resource of each, find again what an interrupted run made and could not write down.
  default_tags {
    tags = {
      ManagedBy  = "cloud-chatops"
      Deployment = var.deployment
      Guild      = var.guild_id
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Bucket names are global, and at most 63 characters: 31 + 1 + 20 + 1 + 8.
  bucket = join("-", [
    var.deployment,
    var.guild_id,
    substr(sha256(data.aws_caller_identity.current.account_id), 0, 8),
  ])
}

resource "aws_s3_bucket" "site" {
  bucket = local.bucket

  # The page is made here, so nothing in the bucket outlives the deployment.
  force_destroy = true

  tags = { Name = local.bucket, Resource = "aws_s3_bucket.site" }

  lifecycle {
    # S3 encrypts every bucket by itself since 2023, which providers older than that take for a change.
    ignore_changes = [server_side_encryption_configuration]
  }
}

# Access lists stay forbidden: the policy below is the only thing that makes the page public.
resource "aws_s3_bucket_public_access_block" "site" {
  bucket                  = aws_s3_bucket.site.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "readers" {
  bucket = aws_s3_bucket.site.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EverybodyReads"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket}/*"
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.site]
}

# The newer aws_s3_object came with provider 4; this one is deprecated since, and still there.
resource "aws_s3_bucket_object" "page" {
  bucket        = aws_s3_bucket.site.id
  key           = "index.html"
  content_type  = "text/html; charset=utf-8"
  cache_control = "max-age=60"

  content = templatefile("${path.module}/page.html.tftpl", {
    title = replace(replace(replace(var.title, "&", "&amp;"), "<", "&lt;"), ">", "&gt;")
    text  = replace(replace(replace(var.text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;")
    dark  = var.theme == "dark"
  })

  tags = { Resource = "aws_s3_bucket_object.page" }
}
