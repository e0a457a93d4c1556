//! The lines about the server itself.

use super::{Check, Seen, failed, passed, skipped, warning};
use crate::domain::dnc::Unanswered;

pub(super) fn public_url(seen: &Seen) -> Check {
    const NAME: &str = "public-url";
    const REMEDY: &str = "CALLPLANE_PUBLIC_URL=https://calls.example.com callplane-control-plane serve";
    match seen.public_url.as_deref() {
        None => failed(NAME, "the server does not know what Twilio calls it by", REMEDY),
        Some(url) if url.starts_with("https://") => passed(NAME, format!("Twilio calls {url}")),
        Some(url) if seen.dev => warning(NAME, format!("{url} is not https: good for a simulator only"), REMEDY),
        Some(url) => failed(NAME, format!("{url} is not https"), REMEDY),
    }
}

pub(super) fn telephony(seen: &Seen) -> Check {
    const NAME: &str = "telephony";
    if seen.mock {
        let message = "telephony is `mock`: accounts are not proved and webhooks not written at Twilio";
        return warning(NAME, message, "CALLPLANE_TELEPHONY=twilio callplane-control-plane serve");
    }
    if seen.test_mode {
        let message = "test mode is on: Twilio is read, and nothing is written there";
        return warning(NAME, message, "CALLPLANE_TEST_MODE=false callplane-control-plane serve");
    }
    passed(NAME, "vendor requests go to Twilio")
}

pub(super) fn dnc_checker(seen: &Seen) -> Check {
    const NAME: &str = "dnc-checker";
    const REMEDY: &str = "look after the service that CALLPLANE_DNC_CHECKER names; the log says what it answers";
    let Some(rule) = seen.dnc_checker else {
        return skipped(NAME, "there is no do-not-call checker; the workspace's own list is asked");
    };
    match (seen.checker_answers, rule) {
        (None, _) => passed(NAME, "the do-not-call checker was not asked yet"),
        (Some(true), _) => passed(NAME, "the do-not-call checker answers"),
        (Some(false), Unanswered::Refuse) => {
            failed(NAME, "the do-not-call checker did not answer, so that nobody is called or written to", REMEDY)
        }
        (Some(false), Unanswered::Allow) => {
            warning(NAME, "the do-not-call checker did not answer, and people are reached without its word", REMEDY)
        }
    }
}

pub(super) fn effects(seen: &Seen) -> Check {
    const NAME: &str = "effects";
    match (seen.effects_overdue, seen.effects_dead) {
        (0, 0) => passed(NAME, "nothing waits longer than it should"),
        (0, dead) => warning(
            NAME,
            format!("{dead} effects were given up because what they were for is gone or would not hear of them"),
            "callplane system effects --state dead -o wide",
        ),
        (overdue, _) => failed(
            NAME,
            format!("{overdue} effects are overdue: no worker takes them"),
            "callplane system effects --state ready -o wide; callplane-control-plane serve",
        ),
    }
}

pub(super) fn master_key(seen: &Seen) -> Check {
    const NAME: &str = "master-key";
    match seen.master_key_behind {
        false => passed(NAME, "every secret is under the first master key"),
        true => warning(
            NAME,
            "secrets still need an older master key; keep it configured until they were moved",
            "callplane-control-plane keys rotate",
        ),
    }
}
