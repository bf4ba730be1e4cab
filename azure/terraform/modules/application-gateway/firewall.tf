locals {
  # What the gateway would take for /healthz: doubled slashes and dot segments before it, too.
  # Escapes are undone by the transform.
  healthz = "^([/\\\\]+|[^?]*[/\\\\]\\.{1,2}[/\\\\]+)healthz"
}

resource "azurerm_web_application_firewall_policy" "this" {
  name                = "${var.name}-firewall"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  policy_settings {
    enabled            = true
    mode               = "Prevention"
    request_body_check = true
  }

  # Front Door's address ranges are every customer's: its id tells whose it is.
  dynamic "custom_rules" {
    for_each = var.front_door_id == null ? [] : [lower(var.front_door_id)]
    content {
      name      = "OnlyOurFrontDoor"
      priority  = 1
      rule_type = "MatchRule"
      action    = "Block"
      match_conditions {
        match_variables {
          variable_name = "RequestHeaders"
          selector      = "X-Azure-FDID"
        }
        operator           = "Equal"
        negation_condition = true
        match_values       = [custom_rules.value]
        transforms         = ["Lowercase"]
      }
    }
  }

  # Probes do not pass listeners, so nobody who may ask comes this way.
  dynamic "custom_rules" {
    for_each = var.front_door_id == null ? [local.healthz] : []
    content {
      name      = "RefuseHealthz"
      priority  = 2
      rule_type = "MatchRule"
      action    = "Block"
      match_conditions {
        match_variables {
          variable_name = "RequestUri"
        }
        operator           = "Regex"
        negation_condition = false
        match_values       = [custom_rules.value]
        transforms         = ["UrlDecode"]
      }
    }
  }

  managed_rules {
    managed_rule_set {
      type    = var.waf_rule_set.type
      version = var.waf_rule_set.version
    }
  }
}
