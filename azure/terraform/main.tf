locals {
  definition = jsondecode(file(coalesce(var.definition_file, "${path.module}/../probe.json")))
  # One member: an internal load balancer's address that never changes, so the pool cannot go stale.
  addresses = [for member in local.definition.backendAddressPool.properties.backendAddresses : try(member.ipAddress, null)]
  address   = one(local.addresses)
  port      = local.definition.backendHttpSettings.properties.port
}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.location
  tags     = var.tags
}

resource "azurerm_log_analytics_workspace" "this" {
  name                = "${var.name}-logs"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "PerGB2018"
  retention_in_days   = var.log_retention_days
  tags                = var.tags
}

module "network" {
  source                     = "./modules/network"
  name                       = var.name
  resource_group_name        = azurerm_resource_group.this.name
  location                   = azurerm_resource_group.this.location
  tags                       = var.tags
  address_space              = var.address_space
  aks_subnet                 = var.aks_subnet
  application_gateway_subnet = var.application_gateway_subnet
  pod_range                  = var.pod_range
  load_balancer_address      = local.address
  load_balancer_port         = local.port
  only_front_door            = var.front_door_id != null
}

module "aks" {
  source                = "./modules/aks"
  name                  = var.name
  resource_group_name   = azurerm_resource_group.this.name
  location              = azurerm_resource_group.this.location
  tags                  = var.tags
  zones                 = var.zones
  kubernetes_version    = var.kubernetes_version
  network_policy        = var.network_policy
  subnet_id             = module.network.aks_subnet_id
  node_size             = var.node_size
  node_count            = var.node_count
  pod_range             = var.pod_range
  service_range         = var.service_range
  api_server_ranges     = var.api_server_ranges
  admin_group_ids       = var.admin_group_ids
  container_registry_id = var.container_registry_id
  workspace_id          = azurerm_log_analytics_workspace.this.id
}

module "application_gateway" {
  source                = "./modules/application-gateway"
  name                  = var.name
  resource_group_name   = azurerm_resource_group.this.name
  location              = azurerm_resource_group.this.location
  tags                  = var.tags
  zones                 = var.zones
  definition            = local.definition
  subnet_id             = module.network.application_gateway_subnet_id
  capacity              = var.capacity
  waf_rule_set          = var.waf_rule_set
  key_vault_id          = var.key_vault_id
  certificate_secret_id = var.certificate_secret_id
  trusted_root          = var.trusted_root_file == null ? null : file(var.trusted_root_file)
  front_door_id         = var.front_door_id
  workspace_id          = azurerm_log_analytics_workspace.this.id
}
