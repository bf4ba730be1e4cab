output "host" {
  description = "What users ask for, from the definition."
  value       = local.definition.probe.properties.host
}

output "public_address" {
  description = "The DNS record of the host points here."
  value       = module.application_gateway.public_address
}

output "load_balancer" {
  description = "For k8s/overlays/aks/site.yaml: load-balancer-address and load-balancer-subnet."
  value       = { address = local.address, subnet = module.network.aks_subnet_name }
}

output "application_gateway_subnet" {
  description = "For clients.appgw_subnets of k8s/overlays/aks/config.json."
  value       = var.application_gateway_subnet
}

output "next_steps" {
  description = "`tofu output -raw next_steps` prints what to do now."
  value       = <<-END
    # From the root of the tree. In k8s/overlays/aks/site.yaml and config.json set
    #   host ${local.definition.probe.properties.host}, load-balancer-address ${coalesce(local.address, "-")},
    #   load-balancer-subnet ${module.network.aks_subnet_name}, appgw_subnets ["${var.application_gateway_subnet}"]
    az aks get-credentials --resource-group ${azurerm_resource_group.this.name} --name ${module.aks.name}
    kubelogin convert-kubeconfig --login azurecli
    istioctl install --set profile=ambient --skip-confirmation
    k8s/scripts/make-certs.sh --host ${local.definition.probe.properties.host}
    k8s/scripts/preflight.sh
    kubectl apply -k k8s/overlays/aks --server-side
    azure/scripts/backend-health.sh --resource-group ${azurerm_resource_group.this.name} --gateway ${module.application_gateway.name}
  END
}
