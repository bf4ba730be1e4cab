#!/bin/sh
# Stands for ztunnel in one pod: pilot-agent, without an Envoy of its own, takes the workload's
# certificate from istiod; Envoy ends HBONE (mutual TLS, HTTP/2 CONNECT) on 15008 and hands each
# stream to the address that its CONNECT names. It knows no policies.
set -e
mkdir -p /tmp/certs /etc/istio/proxy /etc/istio/pod /var/lib/istio/data
DISABLE_ENVOY=true OUTPUT_CERTS=/tmp/certs \
  "$BIN/pilot-agent" proxy sidecar --domain "$POD_NAMESPACE.svc.cluster.local" &
until [ -s /tmp/certs/root-cert.pem ] && [ -s /tmp/certs/cert-chain.pem ] && [ -s /tmp/certs/key.pem ]; do
  sleep 0.1
done
exec "$ENVOY" -c "$(dirname "$0")/ztunnel.yaml" -l warning --concurrency 1 --base-id 7
