# shellcheck shell=bash
# Sourced by the scripts beside it. Whatever packages, clients or branches are called is data: it goes into
# files and quoted variables, and reaches the log only while workflow commands are off.

set -euo pipefail
mkdir -p "$RESULTS"
: "${RECONCILER:=reconciler}"
[ -n "${RECONCILER_ENVIRONMENT:-}" ] || unset RECONCILER_ENVIRONMENT
export NO_COLOR=1

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
