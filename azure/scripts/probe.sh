#!/usr/bin/env bash
# Gives an existing Application Gateway the probe of azure/probe.json, and lets its backend
# settings use it. Changes only what differs; a second run changes nothing.
#
#   probe.sh --resource-group GROUP --gateway NAME [--definition FILE] [--settings NAME]
#            [--subscription ID] [--dry-run]
#
#   --definition FILE  default: probe.json in the folder above this script
#   --settings NAME    backend settings that shall use the probe; default: those the definition names
#   --dry-run          looks, and prints the commands it would run
#
# Exit status: 0 the gateway is as the definition says (or, with --dry-run, could be made so),
# 2 wrong use, no login, no right, or a definition the service would refuse.
# Rights: Network Contributor on the gateway; Reader for --dry-run.
set -euo pipefail
# shellcheck source=azure/scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

definition=$here/../probe.json
settings=

while [ "$#" -gt 0 ]; do
  option "$@"
  case $took:$1 in
    0:--definition) definition=$(take_value "$@") took=2 ;;
    0:--settings) settings=$(take_value "$@") took=2 ;;
    0:*) wrong_use "unknown option $1" ;;
  esac
  shift "$took"
done
need_gateway
[ -r "$definition" ] || fail "--definition: $definition cannot be read"

# Every mistake of a definition with its place, where the program is at hand. plan.py refuses the
# grave ones itself.
if command -v "${HEALTH_RESPONDER:-health-responder}" >/dev/null; then
  "${HEALTH_RESPONDER:-health-responder}" timing --definition "$definition" >/dev/null || exit 2
fi
need_login
now=$(mktemp)
plan=$(mktemp)
trap 'rm -f "$now" "$plan"' EXIT
ask network application-gateway show --resource-group "$group" --name "$gateway" >"$now" || exit 2
python3 "$here/plan.py" "$definition" "$now" "$settings" >"$plan" || exit 2

# A command per record of the plan, its words ended by NUL, the command by an empty word.
words=()
changes=0
while IFS= read -rd '' word; do
  if [ -n "$word" ]; then
    words+=("$word")
    continue
  fi
  changes=$((changes + 1))
  change network application-gateway "${words[@]}" --resource-group "$group" --gateway-name "$gateway" || exit 2
  [ -n "$dry_run" ] || say "done: ${words[*]}"
  words=()
done <"$plan"

if [ "$changes" = 0 ]; then
  say "$gateway is as $definition says; nothing to change"
elif [ -z "$dry_run" ]; then
  say "it takes effect within a minute: $here/backend-health.sh --resource-group $group --gateway $gateway"
fi
