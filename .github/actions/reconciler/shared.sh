# shellcheck shell=bash
# Sourced by the scripts beside it. Whatever packages, clients or branches are called is data: it goes into
# files and quoted variables, and reaches the log only while workflow commands are off.

set -euo pipefail
: "${RECONCILER:=reconciler}"
[ -n "${RECONCILER_ENVIRONMENT:-}" ] || unset RECONCILER_ENVIRONMENT
export NO_COLOR=1

# What tells the results of one configuration and environment from those of another: staging-1a2b3c4d.
identity() {
  local config=${RECONCILER_CONFIG:-reconciler.yaml} environment=${RECONCILER_ENVIRONMENT:-default} sum
  sum=$(printf '%s\n%s' "$config" "$environment" | sha256sum)
  printf '%s-%s' "$(printf '%s' "$environment" | tr -cs 'A-Za-z0-9_' '-' | cut -c1-20)" "${sum:0:8}"
}

# Have GitHub say who this job is, where the platform takes that for a token: nothing is stored then.
vouched() {
  local token
  [ -n "${AUDIENCE:-}" ] && [ "$HAS_PLATFORM" != no ] || return 0
  if [ -z "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
    echo "::error::GitHub says nothing of this job: give it the permission \`id-token: write\`, or take away the variable PACKAGE_AUDIENCE."
    exit 1
  fi
  token=$(curl --fail --silent --show-error --get --data-urlencode "audience=$AUDIENCE" --header @- \
    "$ACTIONS_ID_TOKEN_REQUEST_URL" <<< "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" | jq --raw-output .value)
  echo "::add-mask::$token"
  export "$TOKEN_VARIABLE=$token"
}

vouched
NAME=$(identity)
which=${RECONCILER_CONFIG:-reconciler.yaml} # said where it is not the usual one
[ "$which" != reconciler.yaml ] || which=""
RESULTS="$RESULTS/$NAME"
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
read -ra waivers <<< "${WAIVERS:-}"
allow=()
for waiver in "${waivers[@]}"; do allow+=(--allow "$waiver"); done

# Tell the steps of the workflow that follow: output NAME VALUE.
output() {
  [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
}

output results "$RESULTS"
output artifact "reconciler-plan-$NAME"

# Run reconciler and return its exit code; what it says on standard error is shown and kept in messages.txt.
run() {
  local code=0
  "$RECONCILER" "$@" 2> "$RESULTS/messages.txt" || code=$?
  show "$RESULTS/messages.txt"
  return "$code"
}

# The same, with the results in a file: into FILE ARGUMENTS...
into() {
  local code=0 file=$1
  shift
  "$RECONCILER" "$@" > "$file" 2> "$RESULTS/messages.txt" || code=$?
  show "$RESULTS/messages.txt"
  return "$code"
}

# Show a file in the log without letting it start a workflow command.
show() {
  local stop
  stop="stop-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  echo "::stop-commands::$stop"
  cat "$1"
  printf '\n::%s::\n' "$stop"
}

summarise() {
  cat "$@" >> "$GITHUB_STEP_SUMMARY"
}

fenced() {
  printf '\n~~~~~~~~~~~~~~~~text\n'
  sed 's/~~~~/~~~ ~/g' "$1"
  printf '\n~~~~~~~~~~~~~~~~\n'
}
