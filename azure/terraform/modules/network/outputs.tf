# The ids of subnets whose rules are bound: what depends on them comes after the rules.
output "aks_subnet_id" {
  value = azurerm_subnet_network_security_group_association.this["aks"].subnet_id
}

output "aks_subnet_name" {
  value = azurerm_subnet.aks.name
}

output "application_gateway_subnet_id" {
  value = azurerm_subnet_network_security_group_association.this["application_gateway"].subnet_id
}
