terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

locals {
  check    = var.definition.probe.properties
  settings = var.definition.backendHttpSettings.properties
  pool     = var.definition.backendAddressPool
  host     = local.check.host
  is_tls   = local.settings.protocol == "Https"
}

resource "azurerm_public_ip" "this" {
  name                = "${var.name}-address"
  resource_group_name = var.resource_group_name
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = var.zones
  tags                = var.tags
}

resource "azurerm_user_assigned_identity" "this" {
  name                = "${var.name}-application-gateway"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

# Reads the certificate, and nothing but secrets' values of this vault.
resource "azurerm_role_assignment" "certificate" {
  scope                = var.key_vault_id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_application_gateway" "this" {
  name                              = "${var.name}-agw"
  resource_group_name               = var.resource_group_name
  location                          = var.location
  zones                             = var.zones
  tags                              = var.tags
  http2_enabled                     = true
  firewall_policy_id                = azurerm_web_application_firewall_policy.this.id
  force_firewall_policy_association = true

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  autoscale_configuration {
    min_capacity = var.capacity.min
    max_capacity = var.capacity.max
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  gateway_ip_configuration {
    name      = "subnet"
    subnet_id = var.subnet_id
  }

  frontend_ip_configuration {
    name                 = "public"
    public_ip_address_id = azurerm_public_ip.this.id
  }

  dynamic "frontend_port" {
    for_each = { http = 80, https = 443 }
    content {
      name = frontend_port.key
      port = frontend_port.value
    }
  }

  # TLS 1.2 and 1.3, no CBC.
  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  ssl_certificate {
    name                = "users"
    key_vault_secret_id = trimsuffix(var.certificate_secret_id, "/")
  }

  dynamic "trusted_root_certificate" {
    for_each = var.trusted_root == null ? [] : [var.trusted_root]
    content {
      name = "istio-gateway-ca"
      data = base64encode(trusted_root_certificate.value)
    }
  }

  probe {
    name                = var.definition.probe.name
    protocol            = local.check.protocol
    host                = local.check.host
    path                = local.check.path
    interval            = try(local.check.interval, 30)
    timeout             = try(local.check.timeout, 30)
    unhealthy_threshold = try(local.check.unhealthyThreshold, 3)
    port                = try(local.check.port, null)
    minimum_servers     = try(local.check.minServers, 0)
    match {
      status_code = try(local.check.match.statusCodes, ["200-399"])
      body        = try(local.check.match.body, null)
    }
  }

  backend_address_pool {
    name         = local.pool.name
    ip_addresses = [for member in local.pool.properties.backendAddresses : member.ipAddress]
  }

  backend_http_settings {
    name                                 = var.definition.backendHttpSettings.name
    protocol                             = local.settings.protocol
    port                                 = local.settings.port
    host_name                            = try(local.settings.hostName, null)
    pick_host_name_from_backend_address  = try(local.settings.pickHostNameFromBackendAddress, false)
    path                                 = try(local.settings.path, null)
    cookie_based_affinity                = try(local.settings.cookieBasedAffinity, "Disabled")
    affinity_cookie_name                 = try(local.settings.affinityCookieName, null)
    request_timeout                      = try(local.settings.requestTimeout, 30)
    dedicated_backend_connection_enabled = try(local.settings.dedicatedBackendConnection, false)
    certificate_chain_validation_enabled = try(local.settings.validateCertChainAndExpiry, true)
    sni_validation_enabled               = try(local.settings.validateSNI, true)
    sni_name                             = try(local.settings.sniName, null)
    probe_name                           = var.definition.probe.name
    trusted_root_certificate_names       = local.is_tls && var.trusted_root != null ? ["istio-gateway-ca"] : null

    connection_draining {
      enabled           = try(local.settings.connectionDraining.enabled, false)
      drain_timeout_sec = try(local.settings.connectionDraining.drainTimeoutInSec, 30)
    }
  }

  http_listener {
    name                           = "http"
    frontend_ip_configuration_name = "public"
    frontend_port_name             = "http"
    protocol                       = "Http"
    host_name                      = local.host
  }

  http_listener {
    name                           = "https"
    frontend_ip_configuration_name = "public"
    frontend_port_name             = "https"
    protocol                       = "Https"
    host_name                      = local.host
    ssl_certificate_name           = "users"
  }

  redirect_configuration {
    name                 = "to-https"
    redirect_type        = "Permanent"
    target_listener_name = "https"
    include_path         = true
    include_query_string = true
  }

  # Application Gateway writes ADDRESS:PORT; Envoy cannot read a port there and falls back.
  rewrite_rule_set {
    name = "clients-address"
    rewrite_rule {
      name          = "forwarded-for-without-port"
      rule_sequence = 100
      request_header_configuration {
        header_name  = "X-Forwarded-For"
        header_value = "{var_add_x_forwarded_for_proxy}"
      }
    }
  }

  request_routing_rule {
    name                       = "https"
    priority                   = 100
    rule_type                  = "Basic"
    http_listener_name         = "https"
    backend_address_pool_name  = local.pool.name
    backend_http_settings_name = var.definition.backendHttpSettings.name
    rewrite_rule_set_name      = "clients-address"
  }

  request_routing_rule {
    name                        = "http"
    priority                    = 200
    rule_type                   = "Basic"
    http_listener_name          = "http"
    redirect_configuration_name = "to-https"
  }

  depends_on = [azurerm_role_assignment.certificate]
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "to-log-analytics"
  target_resource_id             = azurerm_application_gateway.this.id
  log_analytics_workspace_id     = var.workspace_id
  log_analytics_destination_type = "Dedicated"

  dynamic "enabled_log" {
    for_each = ["ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"]
    content {
      category = enabled_log.value
    }
  }
  enabled_metric {
    category = "AllMetrics"
  }
}
