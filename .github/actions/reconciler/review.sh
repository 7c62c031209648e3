#!/usr/bin/env bash
# On a pull request, and in a merge queue: findings and losses as annotations, the plan as one comment for each
# configuration and environment that is kept up to date. Leaves plan.json and report.html for an artifact.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

marker="<!-- reconciler $NAME -->"
comment="$RESULTS/comment.md"
read -ra paths <<< "${PACKAGE_PATHS:-packages schemas reconciler.yaml}"

# Whether the pull request changes a file that packages are made of. It is checked out as its merge into the base.
is_touching() {
  ! git diff --quiet 'HEAD^1' HEAD -- "${paths[@]}" 2> /dev/null
}

# Print the id of the comment that an earlier run made. Only its author may change a comment.
posted() {
  local me
  me=$(gh api graphql --field query='{ viewer { login } }' --jq .data.viewer.login 2> /dev/null) || me=""
  me=$(printf '%s' "${me%\[bot\]}" | tr -cd 'A-Za-z0-9-')
  gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --jq \
    ".[] | select((.user.login | rtrimstr(\"[bot]\")) == \"${me:-github-actions}\" and (.body | startswith(\"$marker\"))) | .id" \
    | head -n 1
}

# Post the comment, or replace the earlier one; a pull request that touches no package gets none.
post() {
  [ -n "${PULL_REQUEST:-}" ] || return 0
  local found
  found=$(posted) || return 1
  if [ -n "$found" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$comment"
  elif is_touching; then
    gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --field "body=@$comment"
  fi
}

finish() {
  {
    printf '%s\n' "$marker"
    [ -z "$which" ] || printf 'Packages of %s:\n\n' "\`$which\`"
    cat "$RESULTS/body.md"
  } > "$comment"
  summarise "$comment"
  if ! post 2> "$RESULTS/messages.txt"; then
    show "$RESULTS/messages.txt"
    echo "::notice::The comment could not be written, as where the token may only read; the job's summary has it."
  fi
  exit "$1"
}

code=0
run validate --format github || code=$?
if [ "$code" -ne 0 ]; then
  into "$RESULTS/body.md" validate --format markdown || true
  [ -s "$RESULTS/body.md" ] || fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
  finish "$code"
fi

if [ "$HAS_PLATFORM" != yes ]; then
  into "$RESULTS/body.md" diff --against 'HEAD^1' --format markdown || code=$?
  run diff --against 'HEAD^1' --format github || true
  [ -s "$RESULTS/body.md" ] || fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
  finish "$code"
fi

into "$RESULTS/body.md" plan --out "$RESULTS/plan.json" --format markdown "${allow[@]}" || code=$?
if [ -f "$RESULTS/plan.json" ]; then
  run show "$RESULTS/plan.json" --format github || true
  into "$RESULTS/report.html" show "$RESULTS/plan.json" --format html || true
else
  fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
fi
finish "$code"
