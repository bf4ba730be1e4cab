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
