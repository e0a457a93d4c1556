#!/usr/bin/env bash
# `make lint`, and the first part of `make test`: what can be said without running anything.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
. scripts/step.sh

protos() {
    scripts/install.sh protos
    tests/tools/node_modules/.bin/buf lint
    tests/tools/node_modules/.bin/buf format --diff --exit-code
}

# What `git archive` unpacks, so that a worktree and a shallow clone do as well as a full one.
compatible_with() {
    local before=$1 old status=0
    old=$(mktemp -d)
    git archive "$before" buf.yaml proto | tar -x -C "$old"
    tests/tools/node_modules/.bin/buf breaking --against "$old" || status=$?
    rm -rf "$old"
    return $status
}

# Against the last release; before the first one, against the commit before.
compatibility() {
    local before
    before=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || git rev-parse --verify --quiet HEAD~1) ||
        before=
    if [ -n "$before" ]; then
        step "protos: compatible with ${before:0:12}" compatible_with "$before"
    else
        skip "protos: compatible" "this clone has no release and no earlier commit to compare with"
    fi
}

crates() {
    python3 scripts/check_crates.py
    ! cargo deny --version >/dev/null 2>&1 || cargo deny --offline check --hide-inclusion-graph bans licenses sources
}

step "format" cargo fmt --all --check
step "protos: lint and format" protos
compatibility
step "crates: deny.toml" crates
step "clippy" cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
# test.sh goes on from here.
[ "${BASH_SOURCE[0]}" != "$0" ] || finish
