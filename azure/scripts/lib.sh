#!/usr/bin/env bash
# Shared by the scripts beside it, sourced: messages, calls of az and what its refusals mean.
# shellcheck disable=SC2034  # what is set here is used there

readonly self=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
az=${AZ:-az}
dry_run=
group=
gateway=
subscription=()

say() { printf '%s: %s\n' "$self" "$*" >&2; }
fail() {
  say "$*"
  exit 2
}

# The comment at the top of the script.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

wrong_use() {
  say "$*; $self --help says more"
  exit 2
}

# take_value "$@": the value of an option that needs one.
take_value() {
  if [ "$#" -lt 2 ] || [ -z "$2" ] || [[ $2 == --* ]]; then
    wrong_use "$1 needs a value"
  fi
  printf '%s' "$2"
}

# option "$@": the options all scripts know. Sets `took`, the number of words; 0: not one of them.
option() {
  took=2
  case $1 in
    --resource-group | -g) group=$(take_value "$@") ;;
    --gateway) gateway=$(take_value "$@") ;;
    --subscription) subscription=(--subscription "$(take_value "$@")") ;;
    --dry-run)
      dry_run=yes
      took=1
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) took=0 ;;
  esac
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "the program $program is missing"
  done
}

need_gateway() {
  [ -n "$group" ] || wrong_use "--resource-group is needed"
  [ -n "$gateway" ] || wrong_use "--gateway is needed"
}

# explain TEXT: what az meant, and what to do. RIGHT names the role a call needs.
explain() {
  case $1 in
    *"az login"* | *AADSTS* | *"No subscription found"*)
      say "not logged in, or the login has expired: $az login" ;;
    *AuthorizationFailed* | *"does not have authorization"* | *LinkedAuthorization*)
      say "you are logged in but have no right to do this; ask for the role ${RIGHT:-Reader} on resource group ${group:-of the resource}" ;;
    *ResourceGroupNotFound*)
      say "there is no resource group $group in this subscription: $az group list --output table, $az account show" ;;
    *ResourceNotFound* | *"was not found"*)
      say "there is no such resource: $az network application-gateway list --resource-group ${group:-GROUP} --output table" ;;
    *AnotherOperationInProgress* | *RetryableError*)
      say "the gateway is being changed by somebody else: try again in a few minutes" ;;
  esac
}

# ask WORDS...: az's answer. Its own message and ours where it refuses; then status 2.
ask() {
  local out err status=0
  err=$(mktemp)
  out=$("$az" "$@" ${subscription[@]+"${subscription[@]}"} --only-show-errors --output json 2>"$err" </dev/null) || status=$?
  if [ "$status" != 0 ]; then
    sed 's/^/  az: /' "$err" >&2
    say "failed: $az $*"
    explain "$(cat "$err")"
    rm -f "$err"
    return 2
  fi
  rm -f "$err"
  printf '%s\n' "$out"
}

# change WORDS...: a call that changes something; only shown with --dry-run.
change() {
  if [ -n "$dry_run" ]; then
    printf 'would run:'
    printf ' %q' "$az" "$@" ${subscription[@]+"${subscription[@]}"}
    printf '\n'
    return
  fi
  RIGHT="Network Contributor" ask "$@" >/dev/null
}

# Before anything else, so that a missing login reads as one.
need_login() {
  need "$az" python3
  ask account show >/dev/null || exit 2
}
