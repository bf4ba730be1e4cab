#!/usr/bin/env bash
# Is this cluster ready for `kubectl apply -k k8s/overlays/aks`? Looks, changes nothing, says what
# is missing. Exit status: 0 ready, 1 something is missing, 2 the cluster cannot be asked.
#
#   preflight.sh [OVERLAY]      default: the folder overlays/aks beside this script
#
# KUBECTL overrides kubectl.
set -uo pipefail
kubectl=${KUBECTL:-kubectl}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
overlay=${1:-$here/overlays/aks}
missing=0

k() { "$kubectl" "$@" 2>/dev/null; }
good() { printf 'fine     %s\n' "$*"; }
note() { printf 'note     %s\n' "$*"; }
bad() {
  printf 'MISSING  %s\n' "$*"
  missing=1
}

# at_least HAVE WANT: versions such as 1.29
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

if ! rendered=$("$kubectl" kustomize "$overlay"); then
  printf 'preflight: %s does not render\n' "$overlay" >&2
  exit 2
fi
uses() { grep -q "$1" <<<"$rendered"; }
if ! server=$(k get --raw /version); then
  printf 'preflight: no cluster answers: %s get --raw /version\n' "$kubectl" >&2
  exit 2
fi

version=$(sed -n 's/.*"gitVersion": *"v\([0-9]*\.[0-9]*\).*/\1/p' <<<"$server" | head -n 1)
if at_least "${version:-0}" 1.30; then
  good "Kubernetes $version"
elif [ "${version:-0.0}" = 0.0 ]; then
  note "the API server tells no version; Kubernetes 1.30 or newer is needed"
else
  bad "Kubernetes 1.30 or newer (admission policies, preStop sleep); found $version"
fi

for crd in gateways httproutes gatewayclasses; do
  bundle=$(k get crd "$crd.gateway.networking.k8s.io" \
    --output 'jsonpath={.metadata.annotations.gateway\.networking\.k8s\.io/bundle-version}')
  if [ -n "$bundle" ]; then
    good "CRD $crd, Gateway API $bundle"
  else
    bad "CRD $crd.gateway.networking.k8s.io: install Gateway API's standard channel, or AKS's managed one"
  fi
done
for crd in authorizationpolicies.security peerauthentications.security destinationrules.networking \
  telemetries.telemetry; do
  k get crd "$crd.istio.io" >/dev/null || bad "CRD $crd.istio.io: comes with Istio"
done

accepted=$(k get gatewayclass istio --output 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}')
if [ "$accepted" = True ]; then
  good "GatewayClass istio is accepted"
else
  bad "GatewayClass istio with Accepted=True: is istiod running?"
fi

istio_namespace=
for namespace in istio-system aks-istio-system; do
  image=$(k get deployments --namespace "$namespace" --selector app=istiod \
    --output 'jsonpath={.items[0].spec.template.spec.containers[0].image}')
  [ -z "$image" ] || {
    istio_namespace=$namespace
    break
  }
done
if [ -z "$istio_namespace" ]; then
  bad "istiod in istio-system or aks-istio-system"
else
  version=$(sed -n 's/.*:v\{0,1\}\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' <<<"$image")
  if [ -z "$version" ]; then
    note "istiod's image $image tells no version; 1.26 or newer is needed"
  elif at_least "$version" 1.26; then
    good "Istio $version in $istio_namespace"
  else
    bad "Istio 1.26 or newer for the gateway's options; found $version: docs/kubernetes.md has the step by hand"
  fi
fi

if uses 'istio.io/dataplane-mode: ambient'; then
  if [ "$istio_namespace" = aks-istio-system ]; then
    bad "the managed Istio has no ambient mode: add components/aks-addon to $overlay"
  elif k get daemonset ztunnel --namespace "${istio_namespace:-istio-system}" >/dev/null; then
    good "ztunnel runs: ambient"
  else
    bad "DaemonSet ztunnel: install Istio with profile ambient"
  fi
fi

if [ -n "$(k get daemonset cilium --namespace kube-system --output name)" ]; then
  if uses CiliumClusterwideNetworkPolicy; then
    good "Cilium, and its policy for kubelet's probes"
  else
    bad "this cluster runs Cilium: add components/cilium to $overlay, or kubelet's probes are dropped"
  fi
elif [ -n "$(k get daemonset azure-npm calico-node --namespace kube-system --ignore-not-found --output name)" ] ||
  k get daemonset calico-node --namespace calico-system >/dev/null; then
  good "a network policy engine runs"
else
  note "no network policy engine found: the NetworkPolicies are accepted and have no effect"
fi

for object in "istio-ingress secret shared-gateway-tls" "gateway-health configmap gateway-ca" \
  "gateway-health secret health-responder-auth"; do
  read -r namespace kind name <<<"$object"
  if k get "$kind" "$name" --namespace "$namespace" >/dev/null; then
    good "$kind $name in $namespace"
  elif [ "$name" != health-responder-auth ] && uses 'kind: Certificate'; then
    note "$kind $name in $namespace: cert-manager has not made it yet"
  else
    bad "$kind $name in $namespace: k8s/scripts/make-certs.sh makes it"
  fi
done

if uses 'monitoring.coreos.com'; then
  k get crd prometheusrules.monitoring.coreos.com >/dev/null ||
    bad "CRD prometheusrules.monitoring.coreos.com, for components/monitoring"
fi
if uses 'cert-manager.io'; then
  k get crd certificates.cert-manager.io >/dev/null ||
    bad "CRD certificates.cert-manager.io, for components/cert-manager"
fi

# The host stands in two files of the overlay and in the certificate.
routes=$(awk '/^  hostnames:/ {getline; print $2}' <<<"$rendered" | sort -u)
host=$(sed -n 's/.*"host": *"\([^"]*\)".*/\1/p' <<<"$rendered" | sort -u)
if [ "$routes" = "$host" ]; then
  good "routes and health-responder agree on the host $host"
else
  bad "one host: the HTTPRoutes name $(xargs <<<"$routes"), config.json names $(xargs <<<"$host")"
fi

[ "$missing" = 0 ] || exit 1
