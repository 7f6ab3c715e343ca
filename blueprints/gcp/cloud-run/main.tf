provider "google" {
  # Named here, so that a key of another project cannot move the deployment there.
  project = var.project_id
  region  = var.region

  # Labels take no capitals and no dots; an account has none, so its display name says whose it is.
  default_labels = {
    managed-by = "cloud-chatops"
    deployment = var.deployment
    guild      = var.guild_id
  }
}

locals {
  guild = substr(sha256(var.guild_id), 0, 8)

  # A service's name is at most 49 characters: 31 + 1 + 8. The guild keeps two guilds apart that deploy into one project
  # under the same name.
  name = "${var.deployment}-${local.guild}"

  # An account's name is 6 to 30 characters.
  account = "run-${substr(sha256("${var.deployment}/${var.guild_id}"), 0, 16)}"
}

# Without an account of its own a service gets the project's default one, which may often do almost anything. This may
# do nothing, until a person gives it a role.
resource "google_service_account" "app" {
  account_id   = local.account
  display_name = "Cloud ChatOps: ${var.deployment} of guild ${var.guild_id}"
}

resource "google_cloud_run_v2_service" "app" {
  name     = local.name
  location = var.region

  # Reachable, but not open: whoever calls needs the role of the invoker, which nobody has unless `public` gives it.
  ingress = "INGRESS_TRAFFIC_ALL"

  # Terraform's own protection, on unless said otherwise, which would stop /cloud-destroy.
  deletion_protection = false

  template {
    service_account = google_service_account.app.email

    scaling {
      max_instance_count = var.max_instances
    }

    containers {
      image = var.image

      ports {
        container_port = var.port
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }

        # Processors are given, and paid for, only while a request runs.
        cpu_idle = true
      }
    }
  }
}

resource "google_cloud_run_v2_service_iam_member" "everybody" {
  count = var.public ? 1 : 0

  name     = google_cloud_run_v2_service.app.name
  location = google_cloud_run_v2_service.app.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}
