#!/usr/bin/env bash
# `make fmt`: sources and protos in the one format.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all
scripts/install.sh protos
tests/tools/node_modules/.bin/buf format -w
