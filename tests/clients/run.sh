#!/usr/bin/env bash
# Clients in other languages against a control plane and an edge: `run.sh python node`, or one of them.
# CALLPLANE_RUN_BIN is the folder with our binaries. No vendor and no simulator: telephony is the mock.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/say.sh
bin=${CALLPLANE_RUN_BIN:?the folder with the binaries, such as target/debug}

dir=$(mktemp -d)
admin=127.0.0.1:$(free_port)
edge_admin=127.0.0.1:$(free_port)
export CALLPLANE_PROFILE=dev CALLPLANE_TELEPHONY=mock CALLPLANE_LOG_JSON=false
export CALLPLANE_DATABASE_URL=sqlite://$dir/callplane.db
export CALLPLANE_ENCRYPTION_KEY_FILE=$dir/encryption.key CALLPLANE_TOKEN_KEY_FILE=$dir/token.pem
export CALLPLANE_EDGE_TOKEN_FILE=$dir/edge.token CALLPLANE_TOKEN_FILE=$dir/operator.token
CALLPLANE_LISTEN=127.0.0.1:$(free_port)
CALLPLANE_EDGE_LISTEN=127.0.0.1:$(free_port)
export CALLPLANE_LISTEN CALLPLANE_ADMIN_LISTEN=$admin CALLPLANE_EDGE_LISTEN CALLPLANE_EDGE_ADMIN_LISTEN=$edge_admin
export CALLPLANE_CONTROL_PLANES=http://$CALLPLANE_LISTEN CALLPLANE_ADDRESS=http://$CALLPLANE_LISTEN
export CALLPLANE_PUBLIC_URL=http://$CALLPLANE_EDGE_LISTEN CALLPLANE_EDGE_URL=http://$CALLPLANE_EDGE_LISTEN

pids=()
stop() {
    trap - EXIT INT TERM
    kill "${pids[@]}" 2>/dev/null || true
    wait
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
    local name=$1 address=$2
    "$bin/callplane-$name" serve >"$dir/$name.log" 2>&1 </dev/null &
    pids+=($!)
    wait_until_ready "$address" $! "$dir/$name.log"
}

python_stubs() {
    scripts/install.sh python
    local gen=tests/clients/python/gen
    rm -rf "$gen" && mkdir -p "$gen"
    .venv/bin/python -m grpc_tools.protoc -I proto/proto -I proto/third_party --python_out="$gen" --grpc_python_out="$gen" \
        $(cd proto && find proto third_party -name '*.proto' | sed -E 's/^(proto|third_party)\///')
}

umask 077
"$bin/callplane-control-plane" keys generate-encryption-key >"$dir/encryption.key"
"$bin/callplane-control-plane" keys generate-token-key >"$dir/token.pem"
for audience in operator edge; do
    "$bin/callplane-control-plane" token create --audience $audience --display-name clients --out "$dir/$audience.token" 2>>"$dir/setup.log"
done
start control-plane "$admin/ready"
start edge "$edge_admin/ready"
CALLPLANE_WORKSPACE=$("$bin/callplane" workspace create --display-name Clients -o json | grep -oE 'wsp_[0-9a-z]+' | head -n 1)
export CALLPLANE_WORKSPACE

failed=0
for language in "$@"; do
    say "-- $language"
    case $language in
    python) python_stubs && .venv/bin/python tests/clients/python/client.py || failed=1 ;;
    node) scripts/install.sh node && node tests/clients/node/client.mjs || failed=1 ;;
    *) complain "run.sh python node" && failed=2 ;;
    esac
done
[ $failed = 0 ] || tail -n 20 "$dir/control-plane.log" "$dir/edge.log" >&2
exit $failed
