# All modules together, and a mistake for each variable: refused before anything is asked of Azure.
# What Azure would fill in: ids of the form the provider insists on.
mock_provider "azurerm" {
  mock_resource "azurerm_monitor_data_collection_rule" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Insights/dataCollectionRules/shop"
    }
  }
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop"
      principal_id = "00000000-0000-0000-0000-000000000007"
      client_id    = "00000000-0000-0000-0000-000000000008"
    }
  }
  mock_resource "azurerm_web_application_firewall_policy" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/shop"
    }
  }
  mock_resource "azurerm_public_ip" {
    defaults = {
      id         = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/publicIPAddresses/shop"
      ip_address = "203.0.113.9"
    }
  }
  mock_resource "azurerm_application_gateway" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/applicationGateways/shop"
    }
  }
  mock_resource "azurerm_kubernetes_cluster" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
    }
  }
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
  mock_resource "azurerm_log_analytics_workspace" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/shop"
    }
  }
}

variables {
  subscription_id       = "00000000-0000-0000-0000-000000000000"
  api_server_ranges     = ["203.0.113.7/32"]
  admin_group_ids       = ["00000000-0000-0000-0000-000000000003"]
  key_vault_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop"
  certificate_secret_id = "https://shop.vault.azure.net/secrets/apps"
}

run "all_of_it" {
  command = plan
  assert {
    condition     = output.load_balancer.address == jsondecode(file("../probe.json")).backendAddressPool.properties.backendAddresses[0].ipAddress && output.load_balancer.subnet == "aks-subnet"
    error_message = "The cluster is told the address that the pool holds."
  }
  assert {
    condition = alltrue([for text in [
      "load-balancer-address: ${output.load_balancer.address}\n", "load-balancer-subnet: ${output.load_balancer.subnet}\n", "host: ${output.host}\n",
    ] : strcontains(file("../../k8s/overlays/aks/site.yaml"), text)])
    error_message = "k8s/overlays/aks/site.yaml ships with the same host, address and subnet."
  }
  assert {
    condition     = jsondecode(file("../../k8s/overlays/aks/config.json")).clients.appgw_subnets == [output.application_gateway_subnet]
    error_message = "k8s/overlays/aks/config.json knows Application Gateway by the same range."
  }
  assert {
    condition = alltrue([for text in ["az aks get-credentials --resource-group shared-gateway --name shared-gateway-aks", "backend-health.sh --resource-group shared-gateway --gateway shared-gateway-agw"] :
      strcontains(output.next_steps, text)
    ])
    error_message = "The next commands are whole."
  }
  assert {
    condition     = azurerm_log_analytics_workspace.this.retention_in_days == 30
    error_message = "Logs are kept for as long as asked."
  }
}

run "subscription_id" {
  command = plan
  variables { subscription_id = "mine" }
  expect_failures = [var.subscription_id]
}

run "name" {
  command = plan
  variables { name = "Shop" }
  expect_failures = [var.name]
}

run "location" {
  command = plan
  variables { location = "West Europe" }
  expect_failures = [var.location]
}

run "zones" {
  command = plan
  variables { zones = ["4"] }
  expect_failures = [var.zones]
}

run "definition_file" {
  command = plan
  variables { definition_file = "versions.tf" }
  expect_failures = [var.definition_file]
}

run "address_space" {
  command = plan
  variables { address_space = "10.0.0.0/24" }
  expect_failures = [var.address_space]
}

run "aks_subnet" {
  command = plan
  variables { aks_subnet = "10.0.1.0" }
  expect_failures = [var.aks_subnet]
}

run "application_gateway_subnet" {
  command = plan
  variables { application_gateway_subnet = "10.0.2.0/28" }
  expect_failures = [var.application_gateway_subnet]
}

run "pod_range" {
  command = plan
  variables { pod_range = "10.244.0.0/20" }
  expect_failures = [var.pod_range]
}

run "service_range" {
  command = plan
  variables { service_range = "10.0.0.0/8" }
  expect_failures = [var.service_range]
}

run "kubernetes_version" {
  command = plan
  variables { kubernetes_version = "1.29" }
  expect_failures = [var.kubernetes_version]
}

run "network_policy" {
  command = plan
  variables { network_policy = "azure" }
  expect_failures = [var.network_policy]
}

run "node_size" {
  command = plan
  variables { node_size = "D4" }
  expect_failures = [var.node_size]
}

run "node_count" {
  command = plan
  variables { node_count = { min = 1, max = 3 } }
  expect_failures = [var.node_count]
}

run "api_server_ranges" {
  command = plan
  variables { api_server_ranges = ["0.0.0.0/0"] }
  expect_failures = [var.api_server_ranges]
}

run "admin_group_ids" {
  command = plan
  variables { admin_group_ids = [] }
  expect_failures = [var.admin_group_ids]
}

run "container_registry_id" {
  command = plan
  variables { container_registry_id = "shop" }
  expect_failures = [var.container_registry_id]
}

run "key_vault_id" {
  command = plan
  variables { key_vault_id = "shop" }
  expect_failures = [var.key_vault_id]
}

run "certificate_secret_id" {
  command = plan
  variables { certificate_secret_id = "https://shop.vault.azure.net/secrets/apps/0123456789abcdef0123456789abcdef" }
  expect_failures = [var.certificate_secret_id]
}

run "trusted_root_file" {
  command = plan
  variables { trusted_root_file = "versions.tf" }
  expect_failures = [var.trusted_root_file]
}

run "waf_rule_set" {
  command = plan
  variables { waf_rule_set = { type = "OWASP", version = "2.2.9" } }
  expect_failures = [var.waf_rule_set]
}

run "capacity" {
  command = plan
  variables { capacity = { min = 1, max = 2 } }
  expect_failures = [var.capacity]
}

run "front_door_id" {
  command = plan
  variables { front_door_id = "mine" }
  expect_failures = [var.front_door_id]
}

run "log_retention_days" {
  command = plan
  variables { log_retention_days = 7 }
  expect_failures = [var.log_retention_days]
}

