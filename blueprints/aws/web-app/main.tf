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

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

locals {
  # The guild keeps two guilds apart that deploy into one account under the same name. `name` stays out of it, and out
  # of the page: a change of it should replace nothing.
  label = "${var.deployment}-${var.guild_id}"

  # Bucket names are global, and at most 63 characters: 31 + 1 + 20 + 1 + 8.
  bucket = join("-", [
    var.deployment,
    var.guild_id,
    substr(sha256(data.aws_caller_identity.current.account_id), 0, 8),
  ])
}

# Without a network named, this and the server go into the region's default VPC: an account may have only five VPCs.
resource "aws_security_group" "web" {
  name        = "visitors-of-${local.label}" # a group's name may not begin with "sg-"
  description = "HTTP only, no remote login"

  ingress {
    description = "HTTP"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = [var.visitors]
  }

  egress {
    description = "Updates and whatever the app calls"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = { Name = var.name, Resource = "aws_security_group.web" }
}

resource "aws_instance" "web" {
  ami                    = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.web.id]

  user_data = templatefile("${path.module}/start.sh.tftpl", {
    page = base64encode("<!doctype html><meta charset=utf-8><title>${var.deployment}</title><h1>${var.deployment}</h1>\n")
  })

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
    volume_size = var.disk_gb
  }

  tags = { Name = var.name, Resource = "aws_instance.web" }

  lifecycle {
    ignore_changes = [
      # A newer image, or a newer script for the first start, is no reason to replace or to restart a server that works.
      ami,
      user_data,
      # Settled when the server is made. The disk cannot change afterwards, and there is no role whose
      # credentials the metadata could give away.
      root_block_device[0].encrypted,
      metadata_options,
    ]
  }
}

# The address is made apart from its association, without `vpc` (gone in provider 6) or `domain` (new in 5):
# every account of today puts it into a VPC by itself.
resource "aws_eip" "web" {
  tags = { Name = var.name, Resource = "aws_eip.web" }
}

resource "aws_eip_association" "web" {
  allocation_id = aws_eip.web.id
  instance_id   = aws_instance.web.id
}

resource "aws_s3_bucket" "files" {
  bucket        = local.bucket
  force_destroy = var.delete_files

  tags = { Name = var.name, Resource = "aws_s3_bucket.files" }

  lifecycle {
    # S3 encrypts every bucket by itself since 2023, which providers older than that take for a change.
    ignore_changes = [server_side_encryption_configuration]
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_sqs_queue" "jobs" {
  name                      = "${local.label}-jobs"
  kms_master_key_id         = "alias/aws/sqs"
  message_retention_seconds = var.retention_days * 24 * 60 * 60

  tags = { Name = var.name, Resource = "aws_sqs_queue.jobs" }
}
