#!/usr/bin/env bash
# `make test`: everything continuous integration runs, step by step, on a machine with Rust, Python, Node and Debian's
# packages. Installs what is missing, each thing once; a second run finds it there. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -z "${CI:-}" ] || export CARGO_TERM_COLOR=never

. scripts/lint.sh

build() {
    # All targets at once, so that no later step builds a crate again with other features.
    cargo build --quiet --locked --workspace --all-targets
}

rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --workspace --no-fail-fast --status-level fail --final-status-level fail
    else
        cargo test --quiet --locked --workspace --no-fail-fast
    fi
}

# A laptop may do without; continuous integration may not.
no_postgres() {
    local reason="there is none, see above"
    if [ -n "${CI:-}" ]; then step "tests on PostgreSQL" eval "complain '$reason'; false"; else skip "tests on PostgreSQL" "$reason"; fi
}

run_twice() {
    local number
    for number in 1 2; do
        say "make run, time $number"
        CALLPLANE_RUN_ONCE=1 CALLPLANE_RUN_DIR=var/run-test CALLPLANE_RUN_BIN=$bin \
            CALLPLANE_LISTEN=127.0.0.1:$(free_port) CALLPLANE_ADMIN_LISTEN=127.0.0.1:$(free_port) \
            CALLPLANE_EDGE_LISTEN=127.0.0.1:$(free_port) CALLPLANE_EDGE_ADMIN_LISTEN=127.0.0.1:$(free_port) \
            CALLPLANE_SIMULATOR_LISTEN=127.0.0.1:$(free_port) scripts/run.sh
    done
}

postgres=
stop_postgres() { [ -z "$postgres" ] || scripts/postgres.sh stop "$postgres"; }
trap stop_postgres EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step "build" build
if [ ${#failures[@]} != 0 ] && [[ " ${failures[*]} " == *" build "* ]]; then
    finish
    exit
fi
bin=$(cargo metadata --format-version 1 --no-deps --offline | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/debug

if scripts/install.sh postgres && postgres=$(scripts/postgres.sh start); then
    export CALLPLANE_TEST_POSTGRES_URL=$postgres
else
    no_postgres
fi
step "tests" rust_tests
step "the vendors' descriptions accept our requests" tests/contract/prism.sh
step "client in Python" env CALLPLANE_RUN_BIN="$bin" tests/clients/run.sh python
step "client in Node" env CALLPLANE_RUN_BIN="$bin" tests/clients/run.sh node
step "make run" run_twice
finish
