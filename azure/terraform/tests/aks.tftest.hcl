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
  mock_resource "azurerm_kubernetes_cluster" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
    }
  }
}

variables {
  name                = "shop"
  resource_group_name = "shop"
  location            = "westeurope"
  tags                = {}
  zones               = ["1", "2", "3"]
  kubernetes_version  = "1.34"
  network_policy      = "calico"
  node_size           = "Standard_D4ds_v5"
  node_count          = { min = 3, max = 6 }
  pod_range           = "10.244.0.0/16"
  service_range       = "10.245.0.0/16"
  api_server_ranges   = ["203.0.113.7/32"]
  admin_group_ids     = ["00000000-0000-0000-0000-000000000003"]
  subnet_id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop/subnets/aks-subnet"
  workspace_id        = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/shop"
}

run "cluster" {
  command = plan
  module { source = "./modules/aks" }

  assert {
    condition = (
      azurerm_kubernetes_cluster.this.network_profile[0].network_plugin == "azure" &&
      azurerm_kubernetes_cluster.this.network_profile[0].network_plugin_mode == "overlay" &&
      azurerm_kubernetes_cluster.this.network_profile[0].network_policy == "calico" &&
      azurerm_kubernetes_cluster.this.network_profile[0].network_data_plane == "azure"
    )
    error_message = "CNI overlay with a named engine for network policies."
  }
  assert {
    condition = (
      azurerm_kubernetes_cluster.this.network_profile[0].pod_cidr == "10.244.0.0/16" &&
      azurerm_kubernetes_cluster.this.network_profile[0].service_cidr == "10.245.0.0/16" &&
      azurerm_kubernetes_cluster.this.network_profile[0].dns_service_ip == "10.245.0.10"
    )
    error_message = "Ranges as given: the network's rules name the pods'."
  }
  assert {
    condition     = azurerm_kubernetes_cluster.this.oidc_issuer_enabled && azurerm_kubernetes_cluster.this.workload_identity_enabled
    error_message = "Workload identity needs both."
  }
  assert {
    condition = (
      azurerm_kubernetes_cluster.this.local_account_disabled && !azurerm_kubernetes_cluster.this.run_command_enabled &&
      azurerm_kubernetes_cluster.this.azure_active_directory_role_based_access_control[0].azure_rbac_enabled &&
      azurerm_kubernetes_cluster.this.api_server_access_profile[0].authorized_ip_ranges == toset(["203.0.113.7/32"])
    )
    error_message = "Only Entra ID's identities, only from known ranges."
  }
  assert {
    condition     = azurerm_role_assignment.subnet.role_definition_name == "Network Contributor" && azurerm_role_assignment.subnet.scope == var.subnet_id
    error_message = "The cluster may join the subnet, and change no other network."
  }
  assert {
    condition     = azurerm_kubernetes_cluster.this.default_node_pool[0].min_count == 3 && azurerm_kubernetes_cluster.this.default_node_pool[0].zones == toset(["1", "2", "3"])
    error_message = "Three nodes in three zones."
  }
  assert {
    condition = (
      azurerm_kubernetes_cluster.this.kubelet_identity[0].user_assigned_identity_id == azurerm_user_assigned_identity.nodes.id &&
      azurerm_role_assignment.nodes.role_definition_name == "Managed Identity Operator" && azurerm_role_assignment.nodes.scope == azurerm_user_assigned_identity.nodes.id
    )
    error_message = "Nodes have an identity of their own, which the cluster may give them."
  }
  assert {
    condition     = length(azurerm_role_assignment.pull) == 0
    error_message = "No registry, no right to pull."
  }
  assert {
    condition     = contains([for log in azurerm_monitor_diagnostic_setting.this.enabled_log : log.category], "cloud-controller-manager")
    error_message = "Its log tells why a load balancer is pending."
  }
  assert {
    condition = (
      azurerm_kubernetes_cluster.this.oms_agent[0].log_analytics_workspace_id == var.workspace_id &&
      azurerm_monitor_data_collection_rule.this.destinations[0].log_analytics[0].workspace_resource_id == var.workspace_id &&
      azurerm_monitor_data_collection_rule.this.data_flow[0].streams == azurerm_monitor_data_collection_rule.this.data_sources[0].extension[0].streams &&
      azurerm_monitor_data_collection_rule_association.this.target_resource_id == azurerm_kubernetes_cluster.this.id
    )
    error_message = "Containers' logs have a rule that sends them, or the agent sends nothing."
  }
}

run "cilium_and_registry" {
  command = plan
  module { source = "./modules/aks" }
  variables {
    network_policy        = "cilium"
    container_registry_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerRegistry/registries/shop"
  }
  assert {
    condition     = azurerm_kubernetes_cluster.this.network_profile[0].network_data_plane == "cilium"
    error_message = "Cilium's policies need its data plane."
  }
  assert {
    condition     = azurerm_role_assignment.pull[0].role_definition_name == "AcrPull" && azurerm_role_assignment.pull[0].scope == var.container_registry_id
    error_message = "Nodes may pull from that registry."
  }
}
