# What the scripts share: how they speak, and how they ask about ports. Sourced, never run.

say() { printf "%s\n" "$@"; }
complain() { printf "%s\n" "$@" >&2; }

# Something listens there.
port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port of this machine that nobody listens on, outside the range the kernel hands out by itself.
free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        port_in_use "$port" || { echo "$port"; return; }
    done
    complain "no free port between 20000 and 32000"
    return 1
}

# The first line of an HTTP answer, without a tool to install.
http_status() {
    local host=${1%%/*} path=/${1#*/} line=
    exec 3<>"/dev/tcp/${host%:*}/${host#*:}" || return 1
    printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" >&3
    IFS= read -r -t 5 line <&3 || true
    exec 3<&- 3>&-
    printf '%s\n' "${line%$'\r'}"
}

# Waits until the address answers 200, as long as the process lives, a minute at most.
wait_until_ready() {
    local address=$1 pid=$2 log=$3
    for _ in $(seq 600); do
        case $(http_status "$address" 2>/dev/null) in *" 200 "*) return 0 ;; esac
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    complain "nothing answers at http://$address; the log $log ends with:"
    tail -n 20 "$log" >&2
    return 1
}
