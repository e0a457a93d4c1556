#!/usr/bin/env bash
# `make run`: simulator, control plane and edge as real processes, a small workspace, one real call, and what to try next.
# Everything lives in var/run and is made afresh each time. CALLPLANE_RUN_ONCE=1 ends after the call instead of staying up.
# Needs Rust and bash, nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

dir=${CALLPLANE_RUN_DIR:-var/run}
grpc=${CALLPLANE_LISTEN:-127.0.0.1:7420}
admin=${CALLPLANE_ADMIN_LISTEN:-127.0.0.1:7421}
edge=${CALLPLANE_EDGE_LISTEN:-127.0.0.1:7430}
edge_admin=${CALLPLANE_EDGE_ADMIN_LISTEN:-127.0.0.1:7431}
simulator=${CALLPLANE_SIMULATOR_LISTEN:-127.0.0.1:7440}

require_free_ports() {
    local address busy=()
    for address in "$grpc" "$admin" "$edge" "$edge_admin" "$simulator"; do
        ! port_in_use "${address#*:}" || busy+=("${address#*:}")
    done
    [ ${#busy[@]} != 0 ] || return 0
    complain "in use: port ${busy[*]}. Another \`make run\`? Stop it, or choose other addresses with CALLPLANE_LISTEN," \
        "CALLPLANE_ADMIN_LISTEN, CALLPLANE_EDGE_LISTEN, CALLPLANE_EDGE_ADMIN_LISTEN and CALLPLANE_SIMULATOR_LISTEN"
    return 1
}

build() {
    # The debug profile: a newcomer waits about two minutes the first time instead of five.
    say "building (the first time takes some minutes) ..."
    cargo build --quiet --locked --workspace --bins
    local target
    target=$(cargo metadata --format-version 1 --no-deps --offline | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    bin=$target/debug
}

# What the three servers, and whoever sources the file in another terminal, are told.
write_env() {
    cat >"$dir/env" <<END
export PATH="$bin:\$PATH"
export CALLPLANE_PROFILE=dev
export CALLPLANE_DATABASE_URL="sqlite://$dir/callplane.db"
export CALLPLANE_ENCRYPTION_KEY_FILE="$dir/encryption.key"
export CALLPLANE_TOKEN_KEY_FILE="$dir/token.pem"
export CALLPLANE_LISTEN=$grpc CALLPLANE_ADMIN_LISTEN=$admin
export CALLPLANE_EDGE_LISTEN=$edge CALLPLANE_EDGE_ADMIN_LISTEN=$edge_admin
export CALLPLANE_CONTROL_PLANES=http://$grpc
export CALLPLANE_EDGE_TOKEN_FILE="$dir/edge.token"
export CALLPLANE_PUBLIC_URL=http://$edge
export CALLPLANE_TELEPHONY=twilio
export CALLPLANE_TWILIO_BASE_URL=http://$simulator
export CALLPLANE_ELEVENLABS_BASE_URL=http://$simulator
export CALLPLANE_SIMULATOR_LISTEN=$simulator
export CALLPLANE_ADDRESS=http://$grpc
export CALLPLANE_TOKEN_FILE="$dir/operator.token"
END
}

pids=()
start() {
    local name=$1 address=$2
    shift 2
    "$@" >"$dir/$name.log" 2>&1 </dev/null &
    pids+=($!)
    wait_until_ready "$address" $! "$dir/$name.log"
    say "  $name is up, its log is $dir/$name.log"
}

stop() {
    trap - EXIT INT TERM
    local index
    # The edge first, so that no webhook meets a control plane that has gone.
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -TERM "${pids[index]}" 2>/dev/null || true
        wait "${pids[index]}" 2>/dev/null || true
    done
}

require_free_ports
if [ -n "${CALLPLANE_RUN_BIN:-}" ]; then bin=$CALLPLANE_RUN_BIN; else build; fi
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
umask 077
write_env
. "$dir/env"
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "starting ..."
callplane-control-plane keys generate-encryption-key >"$dir/encryption.key"
callplane-control-plane keys generate-token-key >"$dir/token.pem"
export CALLPLANE_LOG_JSON=false
token() { callplane-control-plane token create --out "$dir/$1.token" --audience "$1" --display-name "$2" 2>>"$dir/setup.log"; }
token operator "make run"
token edge "edge of make run"
start simulator "$simulator/sim/health" callplane-simulator serve
start control-plane "$admin/ready" callplane-control-plane serve
start edge "$edge_admin/ready" callplane-edge serve

. scripts/tour.sh

if [ -n "${CALLPLANE_RUN_ONCE:-}" ]; then exit 0; fi
say "" "Everything stays up; Ctrl-C stops it."
if wait -n "${pids[@]}"; then status=0; else status=$?; fi
complain "one of the servers has ended by itself (status $status); see $dir/*.log"
exit 1
