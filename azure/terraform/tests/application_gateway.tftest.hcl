# What Azure would fill in: ids of the form the provider insists on.
mock_provider "azurerm" {
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
}

variables {
  name                  = "shop"
  resource_group_name   = "shop"
  location              = "westeurope"
  tags                  = {}
  zones                 = ["1", "2", "3"]
  subnet_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop/subnets/application-gateway-subnet"
  workspace_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/shop"
  capacity              = { min = 2, max = 10 }
  waf_rule_set          = { type = "Microsoft_DefaultRuleSet", version = "2.1" }
  key_vault_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop"
  certificate_secret_id = "https://shop.vault.azure.net/secrets/apps"
  trusted_root          = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
  definition            = jsondecode(file("../probe.json"))
}

run "probe_is_the_definition" {
  command = plan
  module { source = "./modules/application-gateway" }

  assert {
    condition = alltrue([for probe in azurerm_application_gateway.this.probe : (
      probe.name == var.definition.probe.name && probe.protocol == "Https" &&
      probe.host == var.definition.probe.properties.host && probe.path == "/healthz" &&
      probe.interval == var.definition.probe.properties.interval && probe.timeout == var.definition.probe.properties.timeout &&
      probe.unhealthy_threshold == var.definition.probe.properties.unhealthyThreshold &&
      probe.minimum_servers == 0 && probe.match[0].status_code == tolist(["200"])
    )]) && length(azurerm_application_gateway.this.probe) == 1
    error_message = "One probe, every value from probe.json."
  }
  assert {
    condition = alltrue([for settings in azurerm_application_gateway.this.backend_http_settings : (
      settings.probe_name == var.definition.probe.name && settings.protocol == "Https" && settings.port == 443 &&
      settings.host_name == var.definition.probe.properties.host && settings.request_timeout == 30 &&
      settings.trusted_root_certificate_names == tolist(["istio-gateway-ca"]) &&
      settings.certificate_chain_validation_enabled && settings.sni_validation_enabled
    )])
    error_message = "Backend settings use it, with TLS to the Istio gateway and its CA."
  }
  assert {
    condition = alltrue([for settings in azurerm_application_gateway.this.backend_http_settings :
      settings.connection_draining[0].enabled && settings.connection_draining[0].drain_timeout_sec == 60
    ])
    error_message = "A server that is taken out is drained."
  }
  assert {
    condition     = one(azurerm_application_gateway.this.backend_address_pool).ip_addresses == toset([var.definition.backendAddressPool.properties.backendAddresses[0].ipAddress])
    error_message = "The pool is the fixed address of the internal load balancer."
  }
  assert {
    condition     = azurerm_application_gateway.this.trusted_root_certificate[0].data == base64encode(var.trusted_root)
    error_message = "The CA as given."
  }
}

run "listeners_and_rules" {
  command = plan
  module { source = "./modules/application-gateway" }

  assert {
    condition = { for listener in azurerm_application_gateway.this.http_listener : listener.name => "${listener.protocol} ${listener.host_name} ${listener.ssl_certificate_name == null ? "-" : listener.ssl_certificate_name}" } == {
      http = "Http apps.example.com -", https = "Https apps.example.com users"
    }
    error_message = "Two listeners, for the one host."
  }
  assert {
    condition = alltrue([for rule in azurerm_application_gateway.this.request_routing_rule :
      rule.http_listener_name == "http" ? rule.redirect_configuration_name == "to-https" && rule.backend_address_pool_name == null : rule.rewrite_rule_set_name == "clients-address"
    ])
    error_message = "Plain HTTP is only redirected; HTTPS goes on with the address rewritten."
  }
  assert {
    condition     = alltrue([for redirect in azurerm_application_gateway.this.redirect_configuration : redirect.redirect_type == "Permanent" && redirect.include_path && redirect.include_query_string])
    error_message = "Redirected for good, to the same path."
  }
  assert {
    condition = (
      azurerm_application_gateway.this.rewrite_rule_set[0].rewrite_rule[0].request_header_configuration[0].header_name == "X-Forwarded-For" &&
      azurerm_application_gateway.this.rewrite_rule_set[0].rewrite_rule[0].request_header_configuration[0].header_value == "{var_add_x_forwarded_for_proxy}"
    )
    error_message = "X-Forwarded-For without the port, which Envoy cannot read."
  }
  assert {
    condition     = azurerm_application_gateway.this.ssl_policy[0].policy_name == "AppGwSslPolicy20220101S" && azurerm_application_gateway.this.ssl_policy[0].policy_type == "Predefined"
    error_message = "TLS 1.2 and newer."
  }
  assert {
    condition = (
      one(azurerm_application_gateway.this.ssl_certificate).key_vault_secret_id == var.certificate_secret_id &&
      azurerm_application_gateway.this.identity[0].type == "UserAssigned" &&
      azurerm_role_assignment.certificate.role_definition_name == "Key Vault Secrets User" && azurerm_role_assignment.certificate.scope == var.key_vault_id
    )
    error_message = "The certificate comes out of Key Vault, by the gateway's own identity."
  }
  assert {
    condition = (
      azurerm_application_gateway.this.sku[0].name == "WAF_v2" && azurerm_application_gateway.this.sku[0].tier == "WAF_v2" &&
      azurerm_application_gateway.this.autoscale_configuration[0].min_capacity == 2 && azurerm_application_gateway.this.autoscale_configuration[0].max_capacity == 10 &&
      azurerm_application_gateway.this.zones == toset(["1", "2", "3"]) && azurerm_public_ip.this.zones == toset(["1", "2", "3"])
    )
    error_message = "WAF_v2, scaled by itself, in all zones."
  }
  assert {
    condition = (
      toset([for log in azurerm_monitor_diagnostic_setting.this.enabled_log : log.category]) == toset(["ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"]) &&
      azurerm_monitor_diagnostic_setting.this.log_analytics_workspace_id == var.workspace_id
    )
    error_message = "Access and firewall logs go to Log Analytics."
  }
}

run "firewall" {
  command = plan
  module { source = "./modules/application-gateway" }

  assert {
    condition     = azurerm_web_application_firewall_policy.this.policy_settings[0].mode == "Prevention" && azurerm_web_application_firewall_policy.this.policy_settings[0].enabled
    error_message = "A firewall that refuses."
  }
  assert {
    condition     = azurerm_web_application_firewall_policy.this.managed_rules[0].managed_rule_set[0].type == "Microsoft_DefaultRuleSet"
    error_message = "Managed rules as chosen."
  }
  assert {
    condition = length(azurerm_web_application_firewall_policy.this.custom_rules) == 1 && alltrue([for rule in azurerm_web_application_firewall_policy.this.custom_rules : (
      rule.name == "RefuseHealthz" && rule.action == "Block" && rule.match_conditions[0].operator == "Regex" &&
      rule.match_conditions[0].match_variables[0].variable_name == "RequestUri" && rule.match_conditions[0].transforms == toset(["UrlDecode"])
    )])
    error_message = "Clients are refused /healthz."
  }
  assert {
    condition = alltrue([for path in ["/healthz", "/healthz/ready", "/healthz?x", "//healthz", "/./healthz", "/a/../healthz", "/a/..//healthz/t/app1", "\\healthz"] :
      can(regex(azurerm_web_application_firewall_policy.this.custom_rules[0].match_conditions[0].match_values[0], path))
    ])
    error_message = "Whatever the gateway would take for /healthz."
  }
  assert {
    condition = alltrue([for path in ["/", "/app1", "/app1/healthz", "/app1?next=/healthz", "/app1?next=/../healthz", "/my-healthz", "/app1/..healthz"] :
      !can(regex(azurerm_web_application_firewall_policy.this.custom_rules[0].match_conditions[0].match_values[0], path))
    ])
    error_message = "And nothing of a tenant's."
  }
}

run "behind_front_door" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables { front_door_id = "00000000-0000-0000-0000-00000000000F" }
  assert {
    condition = length(azurerm_web_application_firewall_policy.this.custom_rules) == 1 && alltrue([for rule in azurerm_web_application_firewall_policy.this.custom_rules : (
      rule.name == "OnlyOurFrontDoor" && rule.action == "Block" && rule.match_conditions[0].negation_condition &&
      rule.match_conditions[0].match_variables[0].selector == "X-Azure-FDID" &&
      rule.match_conditions[0].match_values[0] == "00000000-0000-0000-0000-00000000000f"
    )])
    error_message = "One Front Door profile may ask, for everything; nobody else."
  }
}

run "without_tls_behind" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables { definition = jsondecode(file("../probe-http.json")) }
  assert {
    condition = alltrue([for settings in azurerm_application_gateway.this.backend_http_settings :
      settings.protocol == "Http" && settings.port == 80 && settings.trusted_root_certificate_names == null
    ])
    error_message = "The other definition that ships."
  }
}

run "protocols_differ" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables {
    definition = merge(jsondecode(file("../probe.json")), { backendHttpSettings = jsondecode(file("../probe-http.json")).backendHttpSettings })
  }
  expect_failures = [var.definition]
}

run "a_probe_that_never_fails" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables {
    definition = merge(jsondecode(file("../probe.json")), { probe = { name = "x", properties = { protocol = "Https", host = "apps.example.com", path = "/healthz", minServers = 1 } } })
  }
  expect_failures = [var.definition]
}

run "timeout_over_interval" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables {
    definition = merge(jsondecode(file("../probe.json")), { probe = { name = "x", properties = { protocol = "Https", host = "apps.example.com", path = "/healthz", interval = 30, timeout = 60 } } })
  }
  expect_failures = [var.definition]
}

run "threshold_out_of_range" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables {
    definition = merge(jsondecode(file("../probe.json")), { probe = { name = "x", properties = { protocol = "Https", host = "apps.example.com", path = "/healthz", unhealthyThreshold = 21 } } })
  }
  expect_failures = [var.definition]
}

run "a_pool_of_two" {
  command = plan
  module { source = "./modules/application-gateway" }
  variables {
    definition = merge(jsondecode(file("../probe.json")), { backendAddressPool = { name = "x", properties = { backendAddresses = [{ ipAddress = "10.0.1.1" }, { ipAddress = "10.0.1.2" }] } } })
  }
  expect_failures = [var.definition]
}
