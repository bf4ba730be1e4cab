terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

resource "azurerm_virtual_network" "this" {
  name                = "${var.name}-network"
  resource_group_name = var.resource_group_name
  location            = var.location
  address_space       = [var.address_space]
  tags                = var.tags
}

resource "azurerm_subnet" "aks" {
  name                 = "aks-subnet"
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [var.aks_subnet]
}

resource "azurerm_subnet" "application_gateway" {
  name                 = "application-gateway-subnet"
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [var.application_gateway_subnet]
}

locals {
  clients = var.only_front_door ? "AzureFrontDoor.Backend" : "Internet"

  # By subnet, by name; all inbound. What no rule names is refused by the last one.
  rules = {
    aks = {
      # The load balancer keeps its own address as destination (floating IP), so this is all
      # that Application Gateway's packets can be addressed to.
      application-gateway = { priority = 100, protocol = "Tcp", source = var.application_gateway_subnet, destinations = [var.load_balancer_address], ports = [tostring(var.load_balancer_port)] }
      # Its probes: a node port, or kube-proxy's own health port.
      load-balancer-probes = { priority = 110, protocol = "Tcp", source = "AzureLoadBalancer", destinations = [var.aks_subnet], ports = ["10256", "30000-32767"] }
      nodes                = { priority = 120, protocol = "*", source = var.aks_subnet, destinations = [var.aks_subnet, var.pod_range], ports = ["*"] }
      pods                 = { priority = 130, protocol = "*", source = var.pod_range, destinations = [var.pod_range], ports = ["*"] }
    }
    application_gateway = {
      # The service's control plane; without it backend health reads Unknown.
      gateway-manager = { priority = 100, protocol = "Tcp", source = "GatewayManager", destinations = ["*"], ports = ["65200-65535"] }
      load-balancer   = { priority = 110, protocol = "*", source = "AzureLoadBalancer", destinations = ["*"], ports = ["*"] }
      clients         = { priority = 120, protocol = "Tcp", source = local.clients, destinations = [var.application_gateway_subnet], ports = ["80", "443"] }
    }
  }
  subnets = { aks = azurerm_subnet.aks.id, application_gateway = azurerm_subnet.application_gateway.id }
}

resource "azurerm_network_security_group" "this" {
  for_each            = local.rules
  name                = "${var.name}-${replace(each.key, "_", "-")}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_network_security_rule" "allow" {
  for_each = merge([for subnet, rules in local.rules : { for name, rule in rules : "${subnet}/${name}" => merge(rule, { subnet = subnet, name = name }) }]...)

  name                         = each.value.name
  resource_group_name          = var.resource_group_name
  network_security_group_name  = azurerm_network_security_group.this[each.value.subnet].name
  priority                     = each.value.priority
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = each.value.protocol
  source_address_prefix        = each.value.source
  source_port_range            = "*"
  destination_address_prefix   = length(each.value.destinations) == 1 ? each.value.destinations[0] : null
  destination_address_prefixes = length(each.value.destinations) > 1 ? each.value.destinations : null
  destination_port_range       = length(each.value.ports) == 1 ? each.value.ports[0] : null
  destination_port_ranges      = length(each.value.ports) > 1 ? each.value.ports : null
}

resource "azurerm_network_security_rule" "refuse" {
  for_each = local.rules

  name                        = "refuse-everything-else"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.this[each.key].name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

# Azure refuses to bind a group to Application Gateway's subnet before its rules are there.
resource "azurerm_subnet_network_security_group_association" "this" {
  for_each                  = local.rules
  subnet_id                 = local.subnets[each.key]
  network_security_group_id = azurerm_network_security_group.this[each.key].id
  depends_on                = [azurerm_network_security_rule.allow, azurerm_network_security_rule.refuse]
}
