#!/bin/sh
# The steps of a pipeline (docs/PIPELINES.md):
#
#   ctim-feeds.sh check              the lists alone: no network, no secret; safe for forks
#   ctim-feeds.sh plan               what a merge would change, as one comment that is updated
#   ctim-feeds.sh apply              publish what was merged; CTIM_FEEDS_DIGEST approves a plan that is held
#   ctim-feeds.sh pre-commit [DIR]   check, before a commit is made
#
# All that it is told comes in environment variables, and none is ever part of a command: a branch or a title is no code.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")

fail() {
  printf 'ctim-feeds: %s\n' "$1" >&2
  exit "${2:-2}"
}

build() {
  [ -f "$root/dist/src/main.js" ] && return
  (cd "$root" && npm ci --include=dev --no-audit --no-fund && npm run build) >&2
}

ctim_feeds() {
  node "$root/dist/src/main.js" "$@"
}

# Lists say what they like, and GitHub obeys lines that begin with "::": between these two it does not.
muted() {
  if [ "${GITHUB_ACTIONS:-}" != true ]; then
    "$@"
    return
  fi
  word=$(node -p 'crypto.randomUUID()')
  printf '::stop-commands::%s\n' "$word"
  status=0
  "$@" 2>&1 || status=$?
  printf '\n::%s::\n' "$word"
  return "$status"
}

# GitLab checks out as another user than the one that runs here; without this git tells nothing of the commit.
if [ "${GITLAB_CI:-}" = true ] && [ -n "${CI_PROJECT_DIR:-}" ]; then
  git config --global --add safe.directory "$CI_PROJECT_DIR"
fi

check() {
  muted ctim_feeds check
}

plan_into() {
  ctim_feeds plan --markdown >"$1"
}

plan() {
  # Where no secrets are given (a bot's pull request) there is nothing to compare with, and nothing is wrong.
  if [ -n "${CTIA_URL:-}" ] && [ -z "${CTIA_CLIENT_ID:-}" ]; then
    printf 'ctim-feeds: no plan: CTIA_CLIENT_ID is not set here\n'
    return 0
  fi
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  status=0
  muted plan_into "$folder/plan.md" || status=$?
  # A held plan is what the reviewer is to see; only mistakes fail the pull request.
  case $status in
    0 | 3) result=0 ;;
    1) result=1 ;;
    *) fail "the plan could not be made (exit $status)" "$status" ;;
  esac
  if [ -s "$folder/plan.md" ]; then
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$folder/plan.md" >>"$GITHUB_STEP_SUMMARY"
    node "$here/comment.mjs" "$folder/plan.md"
  fi
  return "$result"
}

apply() {
  case ${CTIM_FEEDS_DIGEST:-} in
    *[!0-9a-f]*) fail 'CTIM_FEEDS_DIGEST is no digest: it has the digits 0-9 and a-f only' ;;
    '') set -- apply ;;
    *) set -- apply --digest "$CTIM_FEEDS_DIGEST" ;;
  esac
  status=0
  muted ctim_feeds "$@" || status=$?
  [ "$status" -ne 3 ] || printf 'ctim-feeds: held; if the plan is right, run this job again with its digest (docs/PIPELINES.md)\n' >&2
  return "$status"
}

step=${1:-}
case $step in
  check | plan | apply)
    build
    "$step"
    ;;
  pre-commit)
    build
    FEEDS_DIR=${2:-${FEEDS_DIR:-feeds}}
    export FEEDS_DIR
    check
    ;;
  *) fail 'usage: ctim-feeds.sh check | plan | apply | pre-commit [DIR]' ;;
esac
