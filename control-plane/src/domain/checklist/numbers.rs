//! The lines about agents and numbers.

use super::{Check, Seen, failed, passed, skipped, warning};

pub(super) fn agents(seen: &Seen) -> Check {
    const NAME: &str = "agents";
    match (seen.agents, seen.agents_active) {
        (0, _) => failed(
            NAME,
            "there is no agent: every caller gets voicemail",
            "callplane agent create --display-name Desk --human.phone-number +…",
        ),
        (_, 0) => failed(NAME, "every agent is paused", "callplane agent list; callplane agent resume agt_…"),
        (all, active) => passed(NAME, format!("{active} of {all} agents take calls")),
    }
}

pub(super) fn eleven_labs_key(seen: &Seen) -> Check {
    const NAME: &str = "elevenlabs-key";
    match (seen.eleven_labs, seen.eleven_labs_without_key) {
        (0, _) => skipped(NAME, "there is no ElevenLabs agent"),
        (_, 0) => passed(NAME, "every ElevenLabs agent has a key of its own"),
        (_, _) if seen.eleven_labs_key => passed(NAME, "the server has a key for ElevenLabs"),
        (_, bare) => failed(
            NAME,
            format!("{bare} ElevenLabs agents have no key, and the server has none: their callers get voicemail"),
            "callplane agent update agt_… --eleven-labs.api-key-file key.txt",
        ),
    }
}

pub(super) fn numbers(seen: &Seen) -> Check {
    const NAME: &str = "numbers";
    match (seen.numbers, seen.numbers_refused) {
        (0, _) => failed(NAME, "there is no number", "callplane number import --account-id acc_… --e164 +… --wait"),
        (all, 0) => passed(NAME, format!("{all} numbers are known")),
        (all, bad) => warning(
            NAME,
            format!("Twilio refused {bad} of {all} numbers"),
            "callplane number list --state refused -o wide",
        ),
    }
}

pub(super) fn numbers_assigned(seen: &Seen) -> Check {
    const NAME: &str = "numbers-assigned";
    match (seen.numbers, seen.numbers_unassigned) {
        (0, _) => skipped(NAME, "there is no number"),
        (all, 0) => passed(NAME, format!("somebody answers each of {all} numbers")),
        (all, bad) => warning(
            NAME,
            format!("nobody answers {bad} of {all} numbers: their callers get voicemail"),
            "callplane number list --unassigned; callplane number assign num_… --agent-id agt_…",
        ),
    }
}

pub(super) fn webhooks(seen: &Seen) -> Check {
    const NAME: &str = "webhooks";
    const CONFIGURE: &str = "callplane number configure-webhooks num_… --wait";
    let Seen { webhooks_unmanaged, webhooks_pending, webhooks_drifted, webhooks_failed, .. } = seen;
    if seen.numbers == 0 {
        return skipped(NAME, "there is no number");
    }
    if *webhooks_failed > 0 {
        let message = format!("Twilio refused the webhooks of {webhooks_failed} numbers");
        return failed(NAME, message, "callplane number list --webhooks-state failed -o wide");
    }
    if *webhooks_drifted > 0 {
        let message = format!("somebody else changed the webhooks of {webhooks_drifted} numbers at Twilio");
        return warning(NAME, message, CONFIGURE);
    }
    if *webhooks_unmanaged > 0 {
        let message = format!("the webhooks of {webhooks_unmanaged} imported numbers were never configured");
        return warning(NAME, message, CONFIGURE);
    }
    if *webhooks_pending > 0 {
        let message = format!("the webhooks of {webhooks_pending} numbers are on their way");
        return warning(NAME, message, "callplane number list --webhooks-state pending");
    }
    passed(NAME, "the webhooks of every number that we may configure are as they should be")
}
