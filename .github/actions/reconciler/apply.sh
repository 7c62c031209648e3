#!/usr/bin/env bash
# On a push to the default branch: apply exactly the plans that were reviewed on the pull requests it merged.
# Where one no longer holds, or there is none, a new plan is offered; a run by hand that names its hash applies it,
# and one that names none makes such an offer.

# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "$0")/shared.sh"

readonly BLOCKED="What waits for another environment is applied by running this job again. A guard is let pass once by
naming it, as GUARD:KEY, in the input **allow** of this workflow, and running this job again."

body="$RESULTS/body.md"
: > "$body"

# Print the head of each pull request that this push merged, oldest first: a merge queue pushes several at once.
merged_heads() {
  local commit commits=""
  if [[ "${BEFORE:-}" == *[1-9a-f]* ]]; then
    commits=$(gh api --paginate "repos/$GITHUB_REPOSITORY/compare/$BEFORE...$GITHUB_SHA" --jq '.commits[].sha') || commits=""
  fi
  for commit in ${commits:-$GITHUB_SHA}; do
    gh api "repos/$GITHUB_REPOSITORY/commits/$commit/pulls" --jq \
      ".[] | select(.merged_at != null and .merge_commit_sha == \"$commit\") | .head.sha"
  done
}

# Fetch the plan of a pull request from a successful run in this repository: reviewed HEAD INTO.
reviewed() {
  local run_id
  run_id=$(gh api "repos/$GITHUB_REPOSITORY/actions/workflows/$PLAN_WORKFLOW/runs?head_sha=$1&event=pull_request&status=success" \
    --jq "[.workflow_runs[] | select(.head_repository.full_name == \"$GITHUB_REPOSITORY\")][0].id // empty") || return 1
  [ -n "$run_id" ] || return 1
  gh run download "$run_id" --repo "$GITHUB_REPOSITORY" --name "reconciler-plan-$NAME" --dir "$2" || return 1
  [ -f "$2/plan.json" ]
}

# Print the runs on this branch whose offer of a plan is still kept, and its name: offers HASH [QUERY].
offers() {
  [[ "$1" =~ ^sha256:[0-9a-f]{64}$ ]] || return 1
  local branch=${GITHUB_REF_NAME//[^A-Za-z0-9._\/-]/}
  gh api --paginate "repos/$GITHUB_REPOSITORY/actions/artifacts?per_page=100${2:-}" --jq \
    ".artifacts[] | select((.expired | not) and .workflow_run.head_branch == \"$branch\"
      and .workflow_run.head_repository_id == .workflow_run.repository_id
      and (.name | test(\"^reconciler-plan-[A-Za-z0-9_-]+-${1:7:16}\$\"))) | \"\(.workflow_run.id) \(.name)\""
}

# Fetch the plan that an earlier run offered for this environment: offered HASH INTO.
offered() {
  local run_id
  offers "$1" "&name=$(artifact_of "$1")" > "$RESULTS/offers.txt" || return 1
  read -r run_id _ < "$RESULTS/offers.txt" || return 1
  gh run download "$run_id" --repo "$GITHUB_REPOSITORY" --name "$(artifact_of "$1")" --dir "$2" || return 1
  [ "$(hash_of "$2/plan.json")" = "$1" ]
}

# Say whose plan it is, where one was offered for another environment or configuration: offered_elsewhere HASH.
offered_elsewhere() {
  local name
  offers "$1" > "$RESULTS/offers.txt" || return 1
  name=$(awk -v own="$(artifact_of "$1")" '$2 != own { print $2; exit }' "$RESULTS/offers.txt")
  [ -n "$name" ] || return 1
  name=${name#reconciler-plan-}
  echo "Nothing was applied here: that plan is for ${name%-*}, whose job applies it." | tee -a "$body"
}

artifact_of() {
  printf 'reconciler-plan-%s-%s' "$NAME" "${1:7:16}"
}

hash_of() {
  jq -r '.hash | select(test("^sha256:[0-9a-f]{64}$"))' "$1"
}

# Print the end of what an apply says: as which run of the platform it was applied, now or by an earlier job.
last_paragraph() {
  awk 'BEGIN { RS = "" } { last = $0 } END { print last }' "$1"
}

# Apply a plan and say so. Guards are judged again, with the waivers that the workflow grants and no others.
apply_plan() {
  local code=0
  into "$RESULTS/applied.txt" apply "$1" --yes --actor "${GITHUB_ACTOR:-github}@github" "${allow[@]}" || code=$?
  if [ "$code" -eq 0 ]; then
    into "$RESULTS/shown.md" show "$1" --format markdown
    last_paragraph "$RESULTS/applied.txt" > "$RESULTS/outcome.txt"
    { cat "$RESULTS/shown.md"; fenced "$RESULTS/outcome.txt"; } >> "$body"
  else
    { printf '### A reviewed plan was not applied\n'; fenced "$RESULTS/messages.txt"; } >> "$body"
    [ "$code" -ne 4 ] || printf '\n%s\n' "$BLOCKED" >> "$body"
  fi
  return "$code"
}

# Make the plan of today, say what the reviewed one said otherwise, and offer it for approval: offer [REVIEWED].
# Returns what `plan` does: 0 where nothing is left to do, 2 where it was offered, 4 where a guard blocks it.
offer() {
  local code=0 hash
  into "$RESULTS/today.md" plan --out "$RESULTS/plan.json" --format markdown --detailed-exitcode "${allow[@]}" || code=$?
  if [ "$code" -eq 0 ]; then
    printf '\nNothing is left to change: the platform is as the files say.\n' >> "$body"
    return 0
  fi
  if [ ! -f "$RESULTS/plan.json" ]; then
    fenced "$RESULTS/messages.txt" >> "$body"
    return "$code"
  fi
  if [ -n "${1:-}" ]; then
    into "$RESULTS/reviewed.txt" show "$1" || true
    into "$RESULTS/today.txt" show "$RESULTS/plan.json" || true
    diff -u --label reviewed "$RESULTS/reviewed.txt" --label today "$RESULTS/today.txt" > "$RESULTS/difference.txt" || true
    { printf '\nWhat a plan of today says otherwise:\n'; fenced "$RESULTS/difference.txt"; } >> "$body"
  fi
  { printf '\n'; cat "$RESULTS/today.md"; } >> "$body"
  if [ "$code" -eq 2 ]; then
    hash=$(hash_of "$RESULTS/plan.json")
    output artifact "$(artifact_of "$hash")"
    printf '\n**To apply the plan of today, run this workflow by hand and name its plan:** %s\n' "$hash" >> "$body"
  else
    printf '\nA plan that a guard blocks is not offered. %s\n' "$BLOCKED" >> "$body"
  fi
  return "$code"
}

# Set the code of a push, or of a plan that was named, of which a plan of today says what is left: settle [REVIEWED].
settle() {
  code=0
  offer "$@" || code=$?
  [ "$code" -ne 2 ] || code=5
}

finish() {
  summarise "$body"
  exit "$1"
}

if [ -n "${PLAN:-}" ]; then
  if ! offered "$PLAN" "$RESULTS/asked"; then
    if offered_elsewhere "$PLAN"; then finish 0; fi
    echo "::error::No run on this branch offered that plan for this environment, or its artifact has expired."
    exit 5
  fi
  code=0
  apply_plan "$RESULTS/asked/plan.json" || code=$?
  [ "$code" -ne 5 ] || settle "$RESULTS/asked/plan.json"
  finish "$code"
fi

if [ "${EVENT:-}" = workflow_dispatch ]; then
  code=0
  offer || code=$?
  [ "$code" -ne 2 ] || code=0
  finish "$code"
fi

code=0 plans=0 stale="" has_all=yes
merged_heads > "$RESULTS/heads.txt" || has_all=no
[ -s "$RESULTS/heads.txt" ] || has_all=no
while IFS= read -r head; do
  plans=$((plans + 1))
  if ! reviewed "$head" "$RESULTS/reviewed-$plans"; then
    has_all=no
    continue
  fi
  plan="$RESULTS/reviewed-$plans/plan.json"
  refused=0
  apply_plan "$plan" || refused=$?
  [ "$refused" -eq 0 ] || code=$refused
  [ "$refused" -ne 5 ] || stale=$plan
done < "$RESULTS/heads.txt"

if [ -n "$stale" ]; then
  settle "$stale"
elif [ "$has_all" = no ] && [ "$REVIEWED_PLAN" = optional ]; then
  into /dev/null plan --out "$RESULTS/plan.json" "${allow[@]}" || code=$?
  if [ -f "$RESULTS/plan.json" ]; then
    code=0
    apply_plan "$RESULTS/plan.json" || code=$?
  else
    fenced "$RESULTS/messages.txt" >> "$body"
  fi
elif [ "$has_all" = no ]; then
  printf '### Part of this push has no reviewed plan\n\n' >> "$body"
  printf 'It was pushed directly or from a fork, or its plan failed or has expired.\n' >> "$body"
  settle
  if [ "$code" -ne 0 ]; then
    echo "::error::Part of this push has no reviewed plan: it was pushed directly or from a fork, or its plan failed or has expired."
  fi
fi
finish "$code"
