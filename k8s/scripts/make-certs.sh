#!/usr/bin/env bash
# Makes what must not be in the tree: a CA, the gateway's certificate, health-responder's token
# and loop key.
#
#   make-certs.sh [--host NAME]... [--days N] [--folder DIR] [--only-files]
#
# Files go to DIR (default: ./certs) and are used again if they are there: delete leaf.crt for a
# new certificate of the same CA. Then the objects are applied with kubectl (KUBECTL overrides):
#   istio-ingress   Secret shared-gateway-tls
#   gateway-health  ConfigMap gateway-ca, Secret health-responder-auth
# DIR/ca.crt is what Application Gateway's backend setting needs as trusted root certificate.
set -euo pipefail
umask 077

hosts=()
days=365
folder=certs
only_files=
kubectl=${KUBECTL:-kubectl}
gateway_names=(shared-gateway-istio.istio-ingress.svc.cluster.local shared-gateway-istio.istio-ingress.svc)

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0"; }
fail() {
  printf 'make-certs: %s\n' "$*" >&2
  exit 2
}

while [ "$#" -gt 0 ]; do
  case $1 in
    --host) hosts+=("${2:?}"); shift 2 ;;
    --days) days=${2:?}; shift 2 ;;
    --folder) folder=${2:?}; shift 2 ;;
    --only-files) only_files=yes; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ "${#hosts[@]}" -gt 0 ] || hosts=(apps.example.com)
command -v openssl >/dev/null || fail "openssl is missing"

mkdir -p "$folder"

quietly() {
  local out
  out=$("$@" 2>&1) || fail "$1 $2 failed: $out"
}

make_ca() {
  [ ! -s "$folder/ca.crt" ] || return 0
  quietly openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj "/CN=shared-gateway CA" \
    -keyout "$folder/ca.key" -out "$folder/ca.crt" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    -addext keyUsage=critical,keyCertSign,cRLSign
}

# RSA, because Application Gateway's policies are made for it; every name as SAN, the host as CN.
make_leaf() {
  local names
  [ ! -s "$folder/leaf.crt" ] || return 0
  names=$(printf ',DNS:%s' "${hosts[@]}" "${gateway_names[@]}")
  quietly openssl req -newkey rsa:2048 -nodes -sha256 -subj "/CN=${hosts[0]}" \
    -keyout "$folder/leaf.key" -out "$folder/leaf.csr"
  printf '%s\n' "subjectAltName=${names#,}" "basicConstraints=critical,CA:FALSE" \
    "keyUsage=critical,digitalSignature,keyEncipherment" "extendedKeyUsage=serverAuth" \
    >"$folder/leaf.ext"
  quietly openssl x509 -req -sha256 -days "$days" -in "$folder/leaf.csr" -CA "$folder/ca.crt" \
    -CAkey "$folder/ca.key" -CAcreateserial -extfile "$folder/leaf.ext" -out "$folder/leaf.crt"
  rm -f "$folder/leaf.csr" "$folder/leaf.ext"
}

make_secret() {
  [ -s "$folder/$1" ] || openssl rand -hex 32 >"$folder/$1"
}

# apply NAMESPACE KIND NAME ARGS...: made on this side, so that a second run changes it in place.
apply() {
  local namespace=$1
  shift
  "$kubectl" --namespace "$namespace" create "$@" --dry-run=client --output yaml |
    "$kubectl" apply --server-side --force-conflicts --field-manager make-certs --filename -
}

namespace() {
  "$kubectl" get namespace "$1" >/dev/null 2>&1 || "$kubectl" create namespace "$1"
}

make_ca
make_leaf
make_secret token
make_secret loop-key
openssl verify -CAfile "$folder/ca.crt" "$folder/leaf.crt" >/dev/null ||
  fail "$folder/leaf.crt was not signed by $folder/ca.crt: delete it and run this again"
printf 'make-certs: files in %s; keep ca.key safe and out of the repository\n' "$folder"
[ -z "$only_files" ] || exit 0

namespace istio-ingress
namespace gateway-health
apply istio-ingress secret tls shared-gateway-tls --cert="$folder/leaf.crt" --key="$folder/leaf.key"
apply gateway-health configmap gateway-ca --from-file=ca.crt="$folder/ca.crt"
apply gateway-health secret generic health-responder-auth \
  --from-file=token="$folder/token" --from-file=loop-key="$folder/loop-key"
