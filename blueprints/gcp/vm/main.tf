provider "google" {
  # Named here, so that a key of another project cannot move the deployment there.
  project = var.project_id
  region  = var.region

  # Labels take no capitals and no dots; networks and firewall rules have none, so their names say whose they are.
  default_labels = {
    managed-by = "cloud-chatops"
    deployment = var.deployment
    guild      = var.guild_id
  }
}

# Not every region has a zone "a", and a zone is named in full.
data "google_compute_zones" "here" {
  region = var.region
}

locals {
  # At most 63 characters: 31 + 1 + 20, and six for what may follow. The guild keeps two guilds apart that deploy into
  # one project under the same name.
  label = "${var.deployment}-${var.guild_id}"
  page  = "<!doctype html><meta charset=utf-8><title>${var.deployment}</title><h1>${var.deployment}</h1>\n"
}

# The project's default network lets the whole world try to log in. In this one nothing comes in but what is opened
# below.
resource "google_compute_network" "web" {
  name                    = local.label
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "web" {
  name          = local.label
  network       = google_compute_network.web.id
  ip_cidr_range = "10.10.0.0/24"
}

resource "google_compute_firewall" "visitors" {
  count = var.visitors == "none" ? 0 : 1

  name          = "${local.label}-http"
  network       = google_compute_network.web.id
  source_ranges = [var.visitors]

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
}

resource "google_compute_firewall" "login" {
  count = var.remote_login ? 1 : 0

  name    = "${local.label}-login"
  network = google_compute_network.web.id

  # The block of Google's Identity-Aware Proxy, which lets in whom the project's own roles allow.
  source_ranges = ["35.235.240.0/20"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

# Also for a server that nobody may visit: without an address it could not even fetch its security updates.
resource "google_compute_address" "web" {
  name = local.label
}

# Without a service account: who breaks into the server gets no credentials of the project.
resource "google_compute_instance" "web" {
  name                      = local.label
  machine_type              = var.machine_type
  zone                      = data.google_compute_zones.here.names[0]
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
      size  = var.disk_gb
      type  = "pd-balanced"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.web.id

    access_config {
      nat_ip = google_compute_address.web.address
    }
  }

  metadata = {
    # Logins go by the project's roles, never by keys that lie in the project's metadata.
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"

    startup-script = templatefile("${path.module}/start.sh.tftpl", {
      page = base64encode(local.page)
    })
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  lifecycle {
    ignore_changes = [
      # A newer image or a new zone in the region is no reason to replace a server that works.
      boot_disk[0].initialize_params[0].image,
      zone,
    ]
  }
}
