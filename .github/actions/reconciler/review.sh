#!/usr/bin/env bash
# On a pull request: findings and losses as annotations, the plan as one comment that is kept up to date.
# Leaves plan.json and report.html in $RESULTS for the workflow to keep as an artifact.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

marker='<!-- reconciler -->'
comment="$RESULTS/comment.md"

# Post the comment, or replace the one that an earlier run of this workflow made.
post() {
  [ -n "${PULL_REQUEST:-}" ] || return 0
  local found
  found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --jq \
    ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | head -n 1) || found=""
  if [ -n "$found" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$comment"
  else
    gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --field "body=@$comment"
  fi || echo "::notice::The comment cannot be written, as for pull requests from forks; see the job's summary."
}

finish() {
  { printf '%s\n' "$marker"; cat "$RESULTS/body.md"; } > "$comment"
  summarise "$RESULTS/body.md"
  post
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
  # A pull request is checked out as its merge into the base branch, whose first parent is the base.
  into "$RESULTS/body.md" diff --against 'HEAD^1' --format markdown || code=$?
  run diff --against 'HEAD^1' --format github || true
  [ -s "$RESULTS/body.md" ] || fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
  finish "$code"
fi

into "$RESULTS/body.md" plan --out "$RESULTS/plan.json" --format markdown || code=$?
if [ -f "$RESULTS/plan.json" ]; then
  run show "$RESULTS/plan.json" --format github || true
  into "$RESULTS/report.html" show "$RESULTS/plan.json" --format html || true
else
  fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
fi
finish "$code"
