#!/usr/bin/env bash
# A PostgreSQL of our own, for tests: `postgres.sh start` prints its URL, `postgres.sh stop URL` ends it and removes it.
# Listens on 127.0.0.1, keeps its data in memory where there is room and under /tmp elsewhere, and does not wait for the disk:
# nothing in it is precious. Tests create and drop hundreds of databases of three hundred files each, which a disk notices.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

bin=$(dirname "$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")

# PostgreSQL refuses to run as root; Debian's package has made a user for it.
as_owner() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}
folder() { echo "$1/callplane-postgres-$2"; }
place() {
    local free
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
    if [ "${free:-0}" -gt 2000000 ]; then echo /dev/shm; else echo /tmp; fi
}

start() {
    local port data log
    port=$(free_port)
    data=$(folder "$(place)" "$port")
    log=$(mktemp)
    {
        rm -rf "$data" && as_owner mkdir -m 700 "$data"
        as_owner "$bin/initdb" -D "$data/db" -U callplane -A trust -E UTF8 --locale=C.UTF-8 --no-sync
        as_owner "$bin/pg_ctl" -D "$data/db" -l "$data/log" -w start -o \
            "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$data -c fsync=off -c max_wal_size=256MB -c max_connections=300"
    } >"$log" 2>&1 </dev/null || { cat "$log" >&2; complain "PostgreSQL did not start"; exit 1; }
    rm -f "$log"
    echo "postgres://callplane@127.0.0.1:$port/postgres"
}

stop() {
    local port=${1##*:}
    local data
    data=$(folder /dev/shm "${port%%/*}")
    [ -d "$data" ] || data=$(folder /tmp "${port%%/*}")
    as_owner "$bin/pg_ctl" -D "$data/db" -m immediate -w stop >/dev/null
    rm -rf "$data"
}

case ${1:-} in
start) start ;;
stop) stop "${2:?the URL that start has printed}" ;;
*) complain "postgres.sh start, or postgres.sh stop URL" && exit 2 ;;
esac
