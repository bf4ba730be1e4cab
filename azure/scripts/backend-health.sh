#!/usr/bin/env bash
# What an Application Gateway thinks of its backends, a line per server: settings, address, health,
# and the gateway's own words.
#
#   backend-health.sh --resource-group GROUP --gateway NAME [--json] [--subscription ID] [--dry-run]
#
#   --json     the whole answer, as az prints it
#   --dry-run  prints the command instead
#
# Exit status: 0 all healthy, 1 a server is not (or there is none), 2 wrong use, no login, no right.
# Rights: Reader, and Microsoft.Network/applicationGateways/backendhealth/action (Network
# Contributor has it).
set -euo pipefail
# shellcheck source=azure/scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

json=
while [ "$#" -gt 0 ]; do
  option "$@"
  case $took:$1 in
    0:--json) json=yes took=1 ;;
    0:*) wrong_use "unknown option $1" ;;
  esac
  shift "$took"
done
need_gateway
call=(network application-gateway show-backend-health --resource-group "$group" --name "$gateway")
if [ -n "$dry_run" ]; then
  change "${call[@]}"
  exit 0
fi
need_login
answer=$(RIGHT="Network Contributor" ask "${call[@]}") || exit 2

# The service says Healthy, Unhealthy, Unknown; its SDKs Up, Down, Partial, Draining.
status=0
table=$(python3 -c '
import json, sys
bad, seen = False, False
for pool in json.load(sys.stdin).get("backendAddressPools") or []:
    for part in pool.get("backendHttpSettingsCollection") or []:
        settings = (part.get("backendHttpSettings") or {}).get("id", "").rsplit("/", 1)[-1]
        for server in part.get("servers") or []:
            health = server.get("health") or "Unknown"
            seen, bad = True, bad or health not in ("Healthy", "Up")
            log = server.get("healthProbeLog") or ""
            print(settings, server.get("address"), health + ":", log)
if not seen:
    print("no server: no rule ties a listener, these settings and a pool with members together")
sys.exit(10 if bad or not seen else 0)
' <<<"$answer") || status=$?
if [ -n "$json" ]; then printf '%s\n' "$answer"; else printf '%s\n' "$table"; fi
case $status in
  0) ;;
  10) exit 1 ;;
  *) fail "az answered something else than backend health" ;;
esac
