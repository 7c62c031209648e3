#!/usr/bin/env bash
# On a schedule: one issue while the platform differs from the files, closed when it no longer does.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

label=reconciler-drift
code=0
into "$RESULTS/body.md" drift --format markdown || code=$?
summarise "$RESULTS/body.md"
number=$(gh issue list --label "$label" --state open --limit 1 --json number --jq '.[0].number // empty')
case "$code" in
  0)
    [ -z "$number" ] || gh issue close "$number" --comment "The platform is as the files say."
    ;;
  2)
    if [ -n "$number" ]; then
      gh issue edit "$number" --body-file "$RESULTS/body.md"
    else
      gh label create "$label" --force --color d93f0b --description "The platform differs from the package files" || true
      gh issue create --title "Packages drifted" --label "$label" --body-file "$RESULTS/body.md"
    fi
    ;;
  *) exit "$code" ;;
esac
