#!/usr/bin/env bash
# Installs what the tests need beside Rust, each thing once: `install.sh postgres`, `protos`, `node`, `python`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

apt_install() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        complain "$1 is missing, and only root can install it here; do it with: apt-get install $1"
        return 1
    fi
    say "installing $1 ..."
    local log
    log=$(mktemp)
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1"; } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        complain "$1 cannot be installed; is Debian's package archive reachable?"
        return 1
    }
}

# A folder of npm packages is made again only when what it wants has changed.
npm_packages() {
    command -v npm >/dev/null || { complain "npm is missing: install Node 20 or newer"; return 1; }
    local folder=$1 wanted=$2 stamp=$1/node_modules/.wanted
    shift 2
    cmp -s "$folder/$wanted" "$stamp" && return
    npm "$@" --prefix "$folder" --no-audit --no-fund --loglevel error
    cp "$folder/$wanted" "$stamp"
}

python_packages() {
    command -v python3 >/dev/null || { complain "python3 is missing: install Python 3.11 or newer"; return 1; }
    local wanted=tests/clients/python/requirements.txt stamp=.venv/requirements.txt
    cmp -s "$wanted" "$stamp" && return
    # Debian keeps the part of Python that makes environments in a package of its own.
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    python3 -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$stamp"
}

case ${1:-} in
postgres)
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || apt_install postgresql
    ;;
# Without a lock file: it would name the program of every platform, and a registry that lacks one would stop `npm ci`.
# The version is exact, and it has no other dependency.
protos) npm_packages tests/tools package.json install --no-package-lock ;;
node) npm_packages tests/clients/node package-lock.json ci ;;
python) python_packages ;;
*) complain "install.sh postgres|protos|node|python" && exit 2 ;;
esac
