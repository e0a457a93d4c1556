# Steps with a heading, a duration and a count, and one line at the end. Sourced by lint.sh and test.sh.
# A step that fails does not keep the others from running: one run tells everything that is wrong.

passed=0 failed=0 skipped=()
failures=()

# step TITLE COMMAND…: counts the tests the command reports as `N passed` and `N failed`, or itself as one.
step() {
    local title=$1 log status ok bad began=$SECONDS
    shift
    say "" "== $title"
    log=$(mktemp)
    # Not `|| status=$?`: that would switch off `set -e` inside the command when it is one of our functions.
    set +e
    (set -e; "$@") </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    ok=$(sum "$log" passed) bad=$(sum "$log" failed)
    if [ "$status" != 0 ]; then
        [ "$bad" != 0 ] || bad=1
        failures+=("$title")
    elif [ "$ok" = 0 ]; then
        # A script that finds nothing to do it with says so, and is no success.
        if grep -q '^skipped: ' "$log"; then
            skipped+=("$title: $(sed -n 's/^skipped: //p' "$log" | head -n 1)")
        else
            ok=1
        fi
    fi
    passed=$((passed + ok)) failed=$((failed + bad))
    say "-- $title: $([ "$status" = 0 ] && echo passed || echo FAILED) in $((SECONDS - began)) s"
    rm -f "$log"
    return 0
}

# Test runners end with such a line; what a test itself prints about passing is not at the start of one.
sum() {
    awk -v word="$2" '
        /^(test result:|[0-9]+ passed, )|^ +Summary \[/ {
            for (i = 2; i <= NF; i++) if (index($i, word) == 1) n += $(i - 1)
        }
        END { print n + 0 }' "$1"
}

skip() {
    say "" "== $1" "-- $1: skipped: $2"
    skipped+=("$1: $2")
}

finish() {
    local line
    say ""
    for line in "${skipped[@]}"; do say "skipped: $line"; done
    for line in "${failures[@]}"; do say "failed: $line"; done
    say "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
