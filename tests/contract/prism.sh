#!/usr/bin/env bash
# Asks mocks made from the vendors' own descriptions whether our requests are acceptable.
# Needs npm and the descriptions: in $CALLPLANE_SHARED/openapi, or in ../shared/openapi beside the checkout.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/scripts/say.sh"
openapi=${CALLPLANE_SHARED:-$root/../shared}/openapi
prism=@stoplight/prism-cli@5.14.2
twilio_port=$(free_port)
elevenlabs_port=$(free_port)

if [ ! -d "$openapi" ]; then
    echo "skipped: no vendor descriptions in $openapi"
    exit 0
fi
if ! command -v npx >/dev/null 2>&1; then
    echo "skipped: npx is not installed"
    exit 0
fi

work=$(mktemp -d)
twilio_pid=
elevenlabs_pid=
stop() {
    for pid in $twilio_pid $elevenlabs_pid; do
        kill "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Installed once into a folder of its own and run from there, so that the process we end is the mock itself.
npm install --silent --no-audit --no-fund --prefix "$work" "$prism"
mock() {
    node "$work/node_modules/@stoplight/prism-cli/dist/index.js" mock -h 127.0.0.1 -p "$1" "$openapi/$2" >"$work/$2.log" 2>&1 &
}
mock "$twilio_port" twilio_api_v2010.trimmed.json
twilio_pid=$!
mock "$elevenlabs_port" elevenlabs-agents.yaml
elevenlabs_pid=$!

# Any answer will do; the mock needs some seconds to read its description.
for port in "$twilio_port" "$elevenlabs_port"; do
    tries=0
    until port_in_use "$port"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ]; then
            echo "the mock on port $port did not start:" >&2
            cat "$work"/*.log >&2
            exit 1
        fi
        sleep 1
    done
done

cd "$root"
CALLPLANE_PRISM_URL=http://127.0.0.1:$twilio_port \
CALLPLANE_PRISM_ELEVENLABS_URL=http://127.0.0.1:$elevenlabs_port \
    cargo test -q --locked --workspace --test provider mocks_made_from_the_descriptions_refuse_nothing ||
    { grep -h 'Violation: request' "$work"/*.log >&2; exit 1; }
