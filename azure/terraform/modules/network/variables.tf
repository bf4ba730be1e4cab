variable "name" { type = string }
variable "resource_group_name" { type = string }
variable "location" { type = string }
variable "tags" { type = map(string) }
variable "address_space" { type = string }
variable "aks_subnet" { type = string }
variable "application_gateway_subnet" { type = string }

variable "pod_range" {
  description = "The overlay's. Packets between nodes carry pods' addresses."
  type        = string
}

variable "load_balancer_address" {
  description = "Of the internal load balancer, in aks_subnet."
  type        = string
  validation {
    condition     = can(cidrhost("${var.load_balancer_address}/32", 0))
    error_message = "backendAddressPool of the definition: expected one ipAddress, the internal load balancer's; a name would be resolved by Application Gateway, and a second member is not there."
  }
  validation {
    # The first four addresses and the last are Azure's; nodes count up from there.
    condition = (
      try(cidrhost("${var.load_balancer_address}/${split("/", var.aks_subnet)[1]}", 0) == cidrhost(var.aks_subnet, 0), false) &&
      !contains([for n in [0, 1, 2, 3, -1] : cidrhost(var.aks_subnet, n)], var.load_balancer_address)
    )
    error_message = "backendAddressPool of the definition: expected a free address inside aks_subnet (the first four and the last are Azure's), the same as load-balancer-address in k8s/overlays/aks/site.yaml."
  }
}

variable "load_balancer_port" {
  description = "The only port Application Gateway needs."
  type        = number
}

variable "only_front_door" {
  description = "Whether clients are Front Door's addresses instead of the internet."
  type        = bool
}
