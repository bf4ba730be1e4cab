variable "name" { type = string }
variable "resource_group_name" { type = string }
variable "location" { type = string }
variable "tags" { type = map(string) }
variable "zones" { type = set(string) }
variable "subnet_id" { type = string }
variable "capacity" { type = object({ min = number, max = number }) }
variable "waf_rule_set" { type = object({ type = string, version = string }) }
variable "key_vault_id" { type = string }
variable "certificate_secret_id" { type = string }
variable "workspace_id" { type = string }

variable "front_door_id" {
  description = "Front Door's profile that may ask for /healthz; null: no client may."
  type        = string
  default     = null
}

variable "trusted_root" {
  description = "A CA certificate in PEM form; null: well-known CAs."
  type        = string
  default     = null
}

variable "definition" {
  description = "azure/probe.json, decoded."
  type        = any

  validation {
    condition     = can(var.definition.probe.properties.host) && !try(var.definition.probe.properties.pickHostNameFromBackendHttpSettings, false)
    error_message = "probe.host of the definition: expected the host, said once; it is the listeners' as well."
  }
  validation {
    condition     = var.definition.probe.properties.protocol == var.definition.backendHttpSettings.properties.protocol
    error_message = "probe.protocol of the definition: expected that of backendHttpSettings; the service refuses any other."
  }
  validation {
    condition     = try(var.definition.probe.properties.timeout, 30) <= try(var.definition.probe.properties.interval, 30)
    error_message = "probe.timeout of the definition: expected at most its interval; the service refuses a probe that is still waiting when the next one is due."
  }
  validation {
    condition     = try(var.definition.probe.properties.unhealthyThreshold, 3) >= 1 && try(var.definition.probe.properties.unhealthyThreshold, 3) <= 20
    error_message = "probe.unhealthyThreshold of the definition: expected 1 to 20."
  }
  validation {
    condition     = try(var.definition.probe.properties.minServers, 0) == 0
    error_message = "probe.minServers of the definition: expected 0; with one pool member anything above means: always healthy."
  }
  validation {
    condition     = length(var.definition.backendAddressPool.properties.backendAddresses) == 1
    error_message = "backendAddressPool of the definition: expected one member, the internal load balancer."
  }
}
