variable "name" { type = string }
variable "resource_group_name" { type = string }
variable "location" { type = string }
variable "tags" { type = map(string) }
variable "zones" { type = set(string) }
variable "kubernetes_version" { type = string }
variable "network_policy" { type = string }
variable "node_size" { type = string }
variable "node_count" { type = object({ min = number, max = number }) }
variable "pod_range" { type = string }
variable "service_range" { type = string }
variable "api_server_ranges" { type = set(string) }
variable "admin_group_ids" { type = list(string) }

variable "subnet_id" {
  description = "Nodes, and the internal load balancer's address."
  type        = string
}

variable "container_registry_id" {
  description = "Nodes may pull from it; null: from none."
  type        = string
  default     = null
}

variable "workspace_id" {
  description = "Of Log Analytics."
  type        = string
}
