variable "subscription_id" {
  description = "Where everything goes. `az account show --query id --output tsv`."
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", lower(var.subscription_id)))
    error_message = "subscription_id: expected an id such as 00000000-0000-0000-0000-000000000000; `az account show --query id --output tsv` prints it."
  }
}

variable "name" {
  description = "Begins the names of all resources."
  type        = string
  default     = "shared-gateway"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.name))
    error_message = "name: expected 3 to 30 of a-z, 0-9 and -, the first a letter, the last no -."
  }
}

variable "location" {
  description = "A region with availability zones."
  type        = string
  default     = "westeurope"
  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.location))
    error_message = "location: expected a region's short name such as westeurope; `az account list-locations --output table` lists them."
  }
}

variable "zones" {
  description = "Availability zones of nodes, gateway and address."
  type        = set(string)
  default     = ["1", "2", "3"]
  validation {
    condition     = length(var.zones) > 0 && alltrue([for zone in var.zones : contains(["1", "2", "3"], zone)])
    error_message = "zones: expected one or more of \"1\", \"2\", \"3\"."
  }
}

variable "tags" {
  description = "On every resource."
  type        = map(string)
  default     = {}
}

variable "definition_file" {
  description = "The probe with its backend settings and pool. Unset: ../probe.json. Host, address and times are changed there, nowhere else."
  type        = string
  default     = null
  validation {
    condition     = var.definition_file == null || can(jsondecode(file(var.definition_file)).backendHttpSettings)
    error_message = "definition_file: expected a file such as azure/probe.json, with probe, backendHttpSettings and backendAddressPool; `health-responder probe --definition FILE` names its mistakes."
  }
}

variable "address_space" {
  description = "Of the virtual network, which holds both subnets."
  type        = string
  default     = "10.0.0.0/16"
  validation {
    condition     = can(cidrhost(var.address_space, 0)) && try(tonumber(split("/", var.address_space)[1]) <= 22, false)
    error_message = "address_space: expected an IPv4 range of /22 or larger, such as 10.0.0.0/16."
  }
}

variable "aks_subnet" {
  description = "Nodes and the internal load balancer's address. Pods are in a range of their own."
  type        = string
  default     = "10.0.1.0/24"
  validation {
    condition     = can(cidrhost(var.aks_subnet, 0)) && try(tonumber(split("/", var.aks_subnet)[1]) <= 24, false)
    error_message = "aks_subnet: expected an IPv4 range of /24 or larger, such as 10.0.1.0/24."
  }
}

variable "application_gateway_subnet" {
  description = "Application Gateway alone. Also goes into clients.appgw_subnets of config.json."
  type        = string
  default     = "10.0.2.0/24"
  validation {
    condition     = can(cidrhost(var.application_gateway_subnet, 0)) && try(tonumber(split("/", var.application_gateway_subnet)[1]) <= 26, false)
    error_message = "application_gateway_subnet: expected an IPv4 range of /26 or larger (the service recommends /24), such as 10.0.2.0/24."
  }
}

variable "pod_range" {
  description = "The overlay's: pods' addresses, seen inside the cluster only."
  type        = string
  default     = "10.244.0.0/16"
  validation {
    condition     = can(cidrhost(var.pod_range, 0)) && try(tonumber(split("/", var.pod_range)[1]) <= 18, false)
    error_message = "pod_range: expected an IPv4 range of /18 or larger (each node takes a /24), such as 10.244.0.0/16."
  }
}

variable "service_range" {
  description = "Of Services' cluster addresses."
  type        = string
  default     = "10.245.0.0/16"
  validation {
    condition     = can(cidrhost(var.service_range, 10)) && try(tonumber(split("/", var.service_range)[1]) >= 12, false)
    error_message = "service_range: expected an IPv4 range of /12 or smaller, such as 10.245.0.0/16."
  }
}

variable "kubernetes_version" {
  description = "1.30 or newer, major.minor: k8s/base needs admission policies."
  type        = string
  default     = "1.35"
  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 30, false)
    error_message = "kubernetes_version: expected major.minor, 1.30 or newer; `az aks get-versions --location LOCATION --output table` lists them."
  }
}

variable "network_policy" {
  description = "The engine that enforces NetworkPolicies: calico, or cilium with k8s/components/cilium."
  type        = string
  default     = "calico"
  validation {
    condition     = contains(["calico", "cilium"], var.network_policy)
    error_message = "network_policy: expected calico or cilium. Without an engine NetworkPolicies are accepted and have no effect; Azure's own is being retired."
  }
}

variable "node_size" {
  description = "Of the nodes' virtual machines."
  type        = string
  default     = "Standard_D4ds_v5"
  validation {
    condition     = can(regex("^Standard_[A-Z][A-Za-z0-9_-]+$", var.node_size))
    error_message = "node_size: expected a size such as Standard_D4ds_v5; `az vm list-sizes --location LOCATION --output table` lists them."
  }
}

variable "node_count" {
  description = "Bounds of the autoscaler. Fewer than 3 leave a rolling update of the gateway no node."
  type        = object({ min = number, max = number })
  default     = { min = 3, max = 6 }
  validation {
    condition     = var.node_count.min >= 3 && var.node_count.max >= var.node_count.min && var.node_count.max <= 100
    error_message = "node_count: expected 3 <= min <= max <= 100. More nodes would come near the load balancer's address in the same subnet."
  }
}

variable "api_server_ranges" {
  description = "Who may reach the Kubernetes API."
  type        = set(string)
  validation {
    condition     = length(var.api_server_ranges) > 0 && alltrue([for range in var.api_server_ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])
    error_message = "api_server_ranges: expected one or more ranges such as 203.0.113.7/32, none of them /0."
  }
}

variable "admin_group_ids" {
  description = "Entra ID groups whose members administer the cluster. Local accounts are off."
  type        = list(string)
  validation {
    condition     = length(var.admin_group_ids) > 0 && alltrue([for id in var.admin_group_ids : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", lower(id)))])
    error_message = "admin_group_ids: expected one or more object ids; `az ad group show --group NAME --query id --output tsv` prints one."
  }
}

variable "container_registry_id" {
  description = "A registry the nodes may pull from. Unset: nodes have no such right."
  type        = string
  default     = null
  validation {
    condition     = var.container_registry_id == null || can(regex("/providers/Microsoft\\.ContainerRegistry/registries/[A-Za-z0-9]+$", var.container_registry_id))
    error_message = "container_registry_id: expected a resource id; `az acr show --name NAME --query id --output tsv` prints it."
  }
}

variable "key_vault_id" {
  description = "The vault with the certificate users see; it must use Azure RBAC."
  type        = string
  validation {
    condition     = can(regex("/providers/Microsoft\\.KeyVault/vaults/[A-Za-z0-9-]+$", var.key_vault_id))
    error_message = "key_vault_id: expected a resource id; `az keyvault show --name NAME --query id --output tsv` prints it."
  }
}

variable "certificate_secret_id" {
  description = "That certificate as a secret, without a version: a renewed one is then taken by itself."
  type        = string
  validation {
    condition     = can(regex("^https://[A-Za-z0-9-]+\\.vault\\.[a-z.]+/secrets/[A-Za-z0-9-]+/?$", var.certificate_secret_id))
    error_message = "certificate_secret_id: expected https://VAULT.vault.azure.net/secrets/NAME without a version: Application Gateway would stay with that version for ever."
  }
}

variable "trusted_root_file" {
  description = "The CA of the Istio gateway's certificate, certs/ca.crt of k8s/scripts/make-certs.sh. Unset: only well-known CAs are trusted."
  type        = string
  default     = null
  validation {
    condition     = var.trusted_root_file == null || can(regex("BEGIN CERTIFICATE", file(var.trusted_root_file)))
    error_message = "trusted_root_file: expected a readable file with a certificate in PEM form; k8s/scripts/make-certs.sh --only-files makes certs/ca.crt."
  }
  validation {
    condition     = var.trusted_root_file == null || !can(regex("PRIVATE KEY", file(var.trusted_root_file)))
    error_message = "trusted_root_file: it holds a private key. Name the certificate alone, and consider the key published."
  }
}

variable "waf_rule_set" {
  description = "Managed rules, always in prevention: Microsoft's (DRS) or OWASP's."
  type        = object({ type = string, version = string })
  default     = { type = "Microsoft_DefaultRuleSet", version = "2.1" }
  validation {
    condition     = contains(["Microsoft_DefaultRuleSet 2.1", "OWASP 3.2"], "${var.waf_rule_set.type} ${var.waf_rule_set.version}")
    error_message = "waf_rule_set: expected type Microsoft_DefaultRuleSet with version 2.1, or OWASP with 3.2."
  }
}

variable "capacity" {
  description = "Instances of Application Gateway. Each one probes on its own."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 10 }
  validation {
    condition     = var.capacity.min >= 2 && var.capacity.max > var.capacity.min && var.capacity.max <= 125
    error_message = "capacity: expected 2 <= min < max <= 125: a single instance is a gap while it is replaced."
  }
}

variable "front_door_id" {
  description = "The id of the one Front Door profile in front: it alone may then connect, and may ask for /healthz. Unset: the internet may connect, and /healthz is refused."
  type        = string
  default     = null
  validation {
    condition     = var.front_door_id == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", lower(var.front_door_id)))
    error_message = "front_door_id: expected the id that Front Door sends as X-Azure-FDID; `az afd profile show --resource-group GROUP --profile-name NAME --query frontDoorId --output tsv` prints it."
  }
}

variable "log_retention_days" {
  description = "How long Log Analytics keeps logs."
  type        = number
  default     = 30
  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730
    error_message = "log_retention_days: expected 30 to 730."
  }
}
