# The small workspace of `make run`, its first call, and what to type next. Sourced by run.sh: the servers are up, and
# $dir/env is in force. Whoever wants to set up Callplane by hand finds every step here.

say ""
say "setting up ..."

# The first id with this prefix in what a command printed.
id() { grep -oE "\"$1_[0-9a-z]+\"" | head -n 1 | tr -d '"'; }
remember() {
    printf 'export %s=%s\n' "$1" "$2" >>"$dir/env"
    export "$1=$2"
}
created() {
    local prefix=$1 name=$2 value
    shift 2
    value=$(callplane "$@" -o json 2>>"$dir/setup.log" | id "$prefix") || value=
    if [ -z "$value" ]; then
        complain "this did not work: callplane $*"
        tail -n 5 "$dir/setup.log" >&2
        return 1
    fi
    remember "$name" "$value"
    say "  $name=$value"
}

created wsp CALLPLANE_WORKSPACE workspace create --display-name "Bakery"

# Twilio's side: an account that owns two numbers. The simulator keeps the auth token in a file, and so do we.
sid=$(callplane-simulator seed account --friendly-name Bakery --auth-token-file "$dir/auth.token")
callplane-simulator seed number --account-sid "$sid" --phone-number +15550100001 >>"$dir/setup.log"
callplane-simulator seed number --account-sid "$sid" --phone-number +15550100002 >>"$dir/setup.log"
remember ACCOUNT_SID "$sid"
remember AUTH_TOKEN_FILE "$dir/auth.token"

# Our side: the account is proved by one read at Twilio, the numbers are looked up there.
created acc ACCOUNT account create --display-name "Bakery main" --account-sid "$sid" --auth-token-file "$dir/auth.token" --wait=60s
created num NUMBER number import --account-id "$ACCOUNT" --e164 +15550100001 --display-name "Orders" --wait=60s
created num SECOND_NUMBER number import --account-id "$ACCOUNT" --e164 +15550100002 --display-name "Voice agent" --wait=60s

created agt BAKER agent create --display-name "Baker" --human.phone-number +15550100050
created agt BOX agent create --display-name "Box" --voicemail.greeting "The bakery is closed. Leave a message."
created agt BOT agent create --display-name "Order bot" --media-stream.url wss://bot.example.com/stream

# Everybody from the United States reaches the baker, the others the box.
cat >"$dir/plan.json" <<END
{"route_plan": {"display_name": "Orders", "time_zone": "America/New_York",
  "rules": [{"display_name": "home", "caller_countries": ["US"], "targets": [{"agent_id": "$BAKER", "weight": 1}]}],
  "fallback": {"agent_id": "$BOX"}}}
END
created rtp PLAN route-plan create --request "@$dir/plan.json"
callplane number assign "$NUMBER" --route-plan-id "$PLAN" -o json >>"$dir/setup.log"
callplane number assign "$SECOND_NUMBER" --agent-id "$BOT" -o json >>"$dir/setup.log"
for number in "$NUMBER" "$SECOND_NUMBER"; do
    callplane number configure-webhooks "$number" --wait=60s -o json >>"$dir/setup.log"
done
say "  the numbers' webhooks point at $CALLPLANE_PUBLIC_URL, read back from Twilio"

say ""
say "somebody calls +15550100001; the simulator signs every webhook as Twilio does:"
say ""
callplane-simulator call --from +12125550123 --to +15550100001 | sed 's/^/  /'

say ""
say "what Callplane remembers (callplane call list):"
say ""
callplane call list | sed 's/^/  /'
created call FIRST_CALL call list >/dev/null
say ""
say "what happened on the way (callplane call events \$FIRST_CALL):"
say ""
callplane call events "$FIRST_CALL" | sed 's/^/  /'

say ""
say "Try next, in another terminal:"
say ""
cat <<END
  . ${dir#"$PWD"/}/env                              # this workspace, its ids, and the binaries
  callplane doctor
  callplane call watch                       # calls as they happen; Ctrl-C ends it
  callplane simulate call --to +15550100002 --from +12125550123 --auth-token-file "\$AUTH_TOKEN_FILE"
  callplane route-plan evaluate --route-plan-id "\$PLAN" --from-number +442079460123
  echo '{"acts": [{"voicemail": 20}]}' | callplane-simulator call --from +442079460123 --to +15550100001 --script -
  callplane voicemail list
  callplane audit verify
END
