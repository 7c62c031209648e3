#!/usr/bin/env bash
# On a push to the default branch: apply exactly the plan that was reviewed on the pull request.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

plan="$RESULTS/plan.json"

# Fetch the plan of the pull request that this commit merged, from a successful run in this repository.
fetch_plan() {
  local head run_id
  head=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq \
    "[.[] | select(.merged_at != null and .merge_commit_sha == \"$GITHUB_SHA\")][0].head.sha // empty") || return 1
  [ -n "$head" ] || return 1
  run_id=$(gh api "repos/$GITHUB_REPOSITORY/actions/workflows/$PLAN_WORKFLOW/runs?head_sha=$head&event=pull_request&status=success" \
    --jq "[.workflow_runs[] | select(.head_repository.full_name == \"$GITHUB_REPOSITORY\")][0].id // empty") || return 1
  [ -n "$run_id" ] || return 1
  gh run download "$run_id" --repo "$GITHUB_REPOSITORY" --name reconciler-plan --dir "$RESULTS" || return 1
  [ -f "$plan" ]
}

# A plan carries the waivers that it was made with; only those that this workflow grants are taken.
check_waivers() {
  local waiver
  while IFS= read -r waiver; do
    case " $WAIVERS " in
      *" $waiver "*) ;;
      *) printf 'The plan carries the waiver %s, which the workflow does not allow.\n' "$waiver" > "$RESULTS/refusal.txt"
         show "$RESULTS/refusal.txt"; fenced "$RESULTS/refusal.txt" > "$RESULTS/body.md"
         summarise "$RESULTS/body.md"; exit 4 ;;
    esac
  done < <(python3 -c 'import json, sys
for guard in json.load(open(sys.argv[1], encoding="utf-8"))["guards"]:
    if guard["result"] == "allowed":
        print(guard["id"] + ":" + guard["key"])' "$plan")
}

if fetch_plan; then
  check_waivers
elif [ "$REVIEWED_PLAN" = optional ]; then
  allow=()
  for waiver in $WAIVERS; do allow+=(--allow "$waiver"); done
  into /dev/null plan --out "$plan" "${allow[@]}" || { code=$?; summarise <(fenced "$RESULTS/messages.txt"); exit "$code"; }
else
  echo "::error::This commit has no reviewed plan: it was pushed directly, or its plan failed or has expired."
  exit 5
fi

code=0
into "$RESULTS/applied.txt" apply "$plan" --yes --actor "${GITHUB_ACTOR:-github}@github" || code=$?
if [ "$code" -eq 0 ]; then
  into "$RESULTS/body.md" show "$plan" --format markdown
  printf '\n**Applied.**\n' >> "$RESULTS/body.md"
  summarise "$RESULTS/body.md"
  exit 0
fi

# Refused: show why, and what a plan of today says otherwise than the reviewed one.
{
  printf '### The reviewed plan was not applied\n'
  fenced "$RESULTS/messages.txt"
} > "$RESULTS/body.md"
if [ "$code" -eq 5 ]; then
  into "$RESULTS/reviewed.txt" show "$plan" || true
  into /dev/null plan --out "$RESULTS/today.json" || true
  if [ -f "$RESULTS/today.json" ]; then
    into "$RESULTS/today.txt" show "$RESULTS/today.json"
    diff -u --label reviewed "$RESULTS/reviewed.txt" --label today "$RESULTS/today.txt" > "$RESULTS/difference.txt" || true
    printf '\nWhat a plan of today says otherwise:\n' >> "$RESULTS/body.md"
    fenced "$RESULTS/difference.txt" >> "$RESULTS/body.md"
  fi
fi
summarise "$RESULTS/body.md"
exit "$code"
