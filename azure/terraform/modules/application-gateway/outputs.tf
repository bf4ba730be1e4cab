output "name" {
  value = azurerm_application_gateway.this.name
}

output "public_address" {
  value = azurerm_public_ip.this.ip_address
}
