provider "azurerm" {
  # Named here, so that credentials of another subscription cannot move the deployment there.
  subscription_id = var.project_id

  # The provider would register a dozen services of Azure in the subscription; the module uses these two.
  resource_provider_registrations = "none"
  resource_providers_to_register  = ["Microsoft.Compute", "Microsoft.Network"]

  features {}
}

locals {
  # At most 64 characters: 31 + 1 + 20. The guild keeps two guilds apart that deploy into one subscription under the
  # same name.
  label = "${var.deployment}-${var.guild_id}"
  page  = "<!doctype html><meta charset=utf-8><title>${var.deployment}</title><h1>${var.deployment}</h1>\n"

  # The provider has no default tags, and not everything in Azure takes some: all of it is in the group, which does.
  tags = {
    ManagedBy  = "cloud-chatops"
    Deployment = var.deployment
    Guild      = var.guild_id
  }
}

resource "azurerm_resource_group" "web" {
  name     = local.label
  location = var.region
  tags     = local.tags
}

resource "azurerm_virtual_network" "web" {
  name                = local.label
  resource_group_name = azurerm_resource_group.web.name
  location            = azurerm_resource_group.web.location
  address_space       = ["10.10.0.0/24"]
  tags                = local.tags
}

resource "azurerm_subnet" "web" {
  name                 = "web"
  resource_group_name  = azurerm_resource_group.web.name
  virtual_network_name = azurerm_virtual_network.web.name
  address_prefixes     = ["10.10.0.0/24"]

  # Out through the server's own address, not through one of Azure's that nobody chose.
  default_outbound_access_enabled = false
}

# Azure's own rules let in what comes from the same network, and nothing from outside.
resource "azurerm_network_security_group" "web" {
  name                = local.label
  resource_group_name = azurerm_resource_group.web.name
  location            = azurerm_resource_group.web.location
  tags                = local.tags
}

resource "azurerm_network_security_rule" "visitors" {
  count = var.visitors == "none" ? 0 : 1

  name                        = "visitors"
  resource_group_name         = azurerm_resource_group.web.name
  network_security_group_name = azurerm_network_security_group.web.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = var.visitors
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "80"
}

resource "azurerm_network_security_rule" "login" {
  count = var.login_from == "none" ? 0 : 1

  name                        = "login"
  resource_group_name         = azurerm_resource_group.web.name
  network_security_group_name = azurerm_network_security_group.web.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = var.login_from
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "22"
}

resource "azurerm_subnet_network_security_group_association" "web" {
  subnet_id                 = azurerm_subnet.web.id
  network_security_group_id = azurerm_network_security_group.web.id
}

# Also for a server that nobody may visit: without an address it could not even fetch its security updates.
resource "azurerm_public_ip" "web" {
  name                = local.label
  resource_group_name = azurerm_resource_group.web.name
  location            = azurerm_resource_group.web.location
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.tags
}

resource "azurerm_network_interface" "web" {
  name                = local.label
  resource_group_name = azurerm_resource_group.web.name
  location            = azurerm_resource_group.web.location
  tags                = local.tags

  ip_configuration {
    name                          = "web"
    subnet_id                     = azurerm_subnet.web.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.web.id
  }
}

# Without an identity: who breaks into the server gets no credentials of the subscription.
resource "azurerm_linux_virtual_machine" "web" {
  name                  = local.label
  resource_group_name   = azurerm_resource_group.web.name
  location              = azurerm_resource_group.web.location
  size                  = var.size
  network_interface_ids = [azurerm_network_interface.web.id]
  tags                  = local.tags

  admin_username                  = "chatops"
  disable_password_authentication = true

  secure_boot_enabled = true
  vtpm_enabled        = true

  custom_data = base64encode(templatefile("${path.module}/start.sh.tftpl", {
    page = base64encode(local.page)
  }))

  admin_ssh_key {
    username   = "chatops"
    public_key = var.ssh_public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = var.disk_gb
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  # The server would be reachable before its firewall is in place.
  depends_on = [azurerm_subnet_network_security_group_association.web]

  lifecycle {
    # A newer image, or a newer script for the first start, is no reason to replace a server that works.
    ignore_changes = [source_image_reference, custom_data]
  }
}
