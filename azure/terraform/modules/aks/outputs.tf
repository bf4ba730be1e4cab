output "name" {
  value = azurerm_kubernetes_cluster.this.name
}

output "oidc_issuer_url" {
  description = "For federated credentials of workload identities."
  value       = azurerm_kubernetes_cluster.this.oidc_issuer_url
}
