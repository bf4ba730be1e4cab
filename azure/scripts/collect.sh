#!/usr/bin/env bash
# Collects what support asks for into one archive: the gateway and its network from Azure, what
# stands on the cluster's side of it from Kubernetes, health-responder's own view. No Secret is
# read, and the values of containers' environment variables are removed. Read it before you send it.
#
#   collect.sh [--resource-group GROUP --gateway NAME [--cluster NAME]] [--context NAME]
#              [--output FILE.tar.gz] [--subscription ID] [--dry-run]
#
#   without --gateway   only the cluster is asked
#   --cluster NAME      the AKS cluster in the same group: its load balancer is collected, too
#   --context NAME      kubectl's; default: the current one
#   --output FILE       default: support-TIME.tar.gz
#   --dry-run           prints the commands instead
#
# Exit status: 0 all is there, 1 something is missing (errors.txt in the archive, and below, says
# what), 2 wrong use or no login. Rights: Reader in Azure, view in the cluster.
set -euo pipefail
# shellcheck source=azure/scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
umask 077

kubectl=("${KUBECTL:-kubectl}")
cluster=
output=support-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
while [ "$#" -gt 0 ]; do
  option "$@"
  case $took:$1 in
    0:--cluster) cluster=$(take_value "$@") took=2 ;;
    0:--context) kubectl+=(--context "$(take_value "$@")") took=2 ;;
    0:--output) output=$(take_value "$@") took=2 ;;
    0:*) wrong_use "unknown option $1" ;;
  esac
  shift "$took"
done
[ -z "$gateway$cluster" ] || [ -n "$group" ] || wrong_use "--gateway and --cluster need --resource-group"
[ -z "$group" ] || [ -n "$gateway$cluster" ] || wrong_use "--resource-group needs --gateway or --cluster"
[ -n "$dry_run" ] || [ ! -e "$output" ] || fail "--output: $output is there already"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
errors=$folder/errors.txt
: >"$errors"

# keep FILE COMMAND...: its output. What fails is noted, and the rest goes on.
keep() {
  local file=$folder/$1
  shift
  if [ -n "$dry_run" ]; then
    printf 'would run:'
    printf ' %q' "$@"
    printf '\n'
  elif ! "$@" >"$file" 2>"$file.err" </dev/null; then
    printf '%s\n%s\n\n' "$*" "$(cat "$file.err")" >>"$errors"
    [ -s "$file" ] || rm -f "$file"
  fi
  rm -f "$file.err"
}

azure() {
  local file=$1
  shift
  keep "azure-$file.json" "$az" "$@" ${subscription[@]+"${subscription[@]}"} --only-show-errors --output json
}

kube() {
  local file=$1
  shift
  keep "kubernetes-$file" "${kubectl[@]}" --request-timeout=30s "$@"
}

if [ -n "$group" ]; then
  [ -n "$dry_run" ] || need_login
  azure security-groups network nsg list --resource-group "$group"
  azure networks network vnet list --resource-group "$group"
  azure routes network route-table list --resource-group "$group"
fi
if [ -n "$gateway" ]; then
  azure gateway network application-gateway show --resource-group "$group" --name "$gateway"
  azure backend-health network application-gateway show-backend-health --resource-group "$group" --name "$gateway"
fi
if [ -n "$cluster" ]; then
  nodes=NODE_GROUP
  if [ -z "$dry_run" ]; then
    nodes=$(ask aks show --resource-group "$group" --name "$cluster" --query nodeResourceGroup) || exit 2
    nodes=${nodes//\"/}
  fi
  azure cluster aks show --resource-group "$group" --name "$cluster"
  azure load-balancers network lb list --resource-group "$nodes"
  azure node-security-groups network nsg list --resource-group "$nodes"
fi

[ -n "$dry_run" ] || need "${kubectl[0]}" python3
kube version.json version --output json
kube nodes.json get nodes --output json
for kind in gatewayclasses.gateway.networking.k8s.io gateways.gateway.networking.k8s.io \
  httproutes.gateway.networking.k8s.io referencegrants.gateway.networking.k8s.io services \
  endpointslices.discovery.k8s.io networkpolicies.networking.k8s.io \
  authorizationpolicies.security.istio.io peerauthentications.security.istio.io \
  destinationrules.networking.istio.io; do
  kube "${kind%%.*}.json" get "$kind" --all-namespaces --output json
done
for namespace in istio-ingress gateway-health; do
  for kind in configmaps deployments pods events horizontalpodautoscalers poddisruptionbudgets; do
    kube "$namespace-$kind.json" get "$kind" --namespace "$namespace" --output json
  done
done
kube istio-ingress.log logs --namespace istio-ingress --selector gateway.networking.k8s.io/gateway-name=shared-gateway \
  --tail 2000 --prefix
kube gateway-health.log logs --namespace gateway-health --selector app=health-responder --tail 2000 --prefix
for view in why path status timeline census; do
  kube "health-responder-$view.txt" exec --namespace gateway-health deployment/health-responder -- \
    /health-responder "$view"
done
[ -z "$dry_run" ] || exit 0

python3 "$here/redact.py" "$folder"
tar -C "$folder" -czf "$output" .
say "$output holds $(find "$folder" -type f ! -name errors.txt | wc -l) files; read it before you send it"
if [ -s "$errors" ]; then
  sed 's/^/  /' "$errors" >&2
  say "what is above could not be collected; errors.txt in the archive has it, too"
  exit 1
fi
