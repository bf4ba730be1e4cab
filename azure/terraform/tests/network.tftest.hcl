# What may reach which subnet, and nothing wider.
# What Azure would fill in: ids of the form the provider insists on.
mock_provider "azurerm" {
  mock_resource "azurerm_subnet" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop/subnets/shop"
    }
  }
  mock_resource "azurerm_network_security_group" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/shop"
    }
  }
}

variables {
  name                       = "shop"
  resource_group_name        = "shop"
  location                   = "westeurope"
  tags                       = {}
  address_space              = "10.0.0.0/16"
  aks_subnet                 = "10.0.1.0/24"
  application_gateway_subnet = "10.0.2.0/24"
  pod_range                  = "10.244.0.0/16"
  load_balancer_address      = "10.0.1.200"
  load_balancer_port         = 443
  only_front_door            = false
}

run "rules" {
  command = plan
  module { source = "./modules/network" }

  assert {
    condition = {
      for key, rule in azurerm_network_security_rule.allow : key => join(" ", [
        rule.priority, rule.protocol, rule.source_address_prefix,
        coalesce(rule.destination_address_prefix, join(",", sort(coalesce(rule.destination_address_prefixes, [])))),
        coalesce(rule.destination_port_range, join(",", sort(coalesce(rule.destination_port_ranges, [])))),
      ])
      } == {
      "aks/application-gateway"             = "100 Tcp 10.0.2.0/24 10.0.1.200 443"
      "aks/load-balancer-probes"            = "110 Tcp AzureLoadBalancer 10.0.1.0/24 10256,30000-32767"
      "aks/nodes"                           = "120 * 10.0.1.0/24 10.0.1.0/24,10.244.0.0/16 *"
      "aks/pods"                            = "130 * 10.244.0.0/16 10.244.0.0/16 *"
      "application_gateway/gateway-manager" = "100 Tcp GatewayManager * 65200-65535"
      "application_gateway/load-balancer"   = "110 * AzureLoadBalancer * *"
      "application_gateway/clients"         = "120 Tcp Internet 10.0.2.0/24 443,80"
    }
    error_message = "These rules and no others: each further one opens something."
  }
  assert {
    condition     = alltrue([for rule in azurerm_network_security_rule.allow : rule.direction == "Inbound" && rule.access == "Allow"])
    error_message = "All of them let something in."
  }
  assert {
    condition = keys(azurerm_network_security_rule.refuse) == ["aks", "application_gateway"] && alltrue([
      for rule in azurerm_network_security_rule.refuse : rule.priority == 4096 && rule.access == "Deny" && rule.direction == "Inbound" &&
      rule.protocol == "*" && rule.source_address_prefix == "*" && rule.destination_address_prefix == "*" && rule.destination_port_range == "*"
    ])
    error_message = "Both groups end by refusing everything, or Azure's default lets the whole network in."
  }
  assert {
    condition     = keys(azurerm_subnet_network_security_group_association.this) == ["aks", "application_gateway"]
    error_message = "Both subnets have their group."
  }
}

run "front_door" {
  command = plan
  module { source = "./modules/network" }
  variables { only_front_door = true }
  assert {
    condition     = azurerm_network_security_rule.allow["application_gateway/clients"].source_address_prefix == "AzureFrontDoor.Backend"
    error_message = "Behind Front Door nobody else connects."
  }
}

run "address_elsewhere" {
  command = plan
  module { source = "./modules/network" }
  variables { load_balancer_address = "10.0.3.200" }
  expect_failures = [var.load_balancer_address]
}

run "address_of_azure" {
  command = plan
  module { source = "./modules/network" }
  variables { load_balancer_address = "10.0.1.3" }
  expect_failures = [var.load_balancer_address]
}

run "address_is_a_name" {
  command = plan
  module { source = "./modules/network" }
  variables { load_balancer_address = "gateway.internal" }
  expect_failures = [var.load_balancer_address]
}
