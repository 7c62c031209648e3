#!/usr/bin/env bash
# On a schedule: one issue for each configuration and environment while its platform differs from the files,
# closed when it no longer does.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

label="reconciler-drift-$NAME"
where=${RECONCILER_ENVIRONMENT:-the default environment}${which:+ of $which}
commit=${GITHUB_SHA:-the checkout}
code=0
into "$RESULTS/plan.md" drift --format markdown || code=$?
{
  printf 'The platform of %s differs from the files at %s. An apply would do this about it:\n\n' "$where" "${commit:0:12}"
  cat "$RESULTS/plan.md"
} > "$RESULTS/body.md"
case "$code" in
  0)
    summarise "$RESULTS/plan.md"
    number=$(gh issue list --label "$label" --state open --limit 1 --json number --jq '.[0].number // empty')
    [ -z "$number" ] || gh issue close "$number" --comment "The platform is as the files say."
    ;;
  2)
    summarise "$RESULTS/body.md"
    number=$(gh issue list --label "$label" --state open --limit 1 --json number --jq '.[0].number // empty')
    if [ -n "$number" ]; then
      gh issue edit "$number" --body-file "$RESULTS/body.md"
    else
      gh label create "$label" --force --color d93f0b --description "The platform differs from the package files" || true
      gh issue create --title "Packages drifted: $where" --label "$label" --body-file "$RESULTS/body.md"
    fi
    ;;
  *)
    fenced "$RESULTS/messages.txt" > "$RESULTS/body.md"
    summarise "$RESULTS/body.md"
    exit "$code"
    ;;
esac
