//! The set-up checklist of a workspace: what was seen, and what that means for somebody who wants calls to arrive. Pure;
//! the counting is the store's.

use super::account::Status;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It works, but look at it.
    Warning,
    /// It will not work.
    Failed,
    /// There is nothing to check yet.
    Skipped,
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable word.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub message: String,
    /// What to do; empty when it passed.
    pub remedy: &'static str,
}

/// What was seen. Numbers are counts in one workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What Twilio calls us by.
    pub public_url: Option<String>,
    /// The `dev` profile.
    pub dev: bool,
    /// Nobody is called.
    pub mock: bool,
    /// Vendor writes are left out.
    pub test_mode: bool,
    /// A key for ElevenLabs is set for the whole server.
    pub eleven_labs_key: bool,
    /// The status of the primary account.
    pub primary: Option<Status>,
    /// All accounts.
    pub accounts: u64,
    /// Those that Twilio would not let work.
    pub accounts_not_active: u64,
    /// Those whose webhooks nobody can verify.
    pub accounts_unverifiable: u64,
    /// Those whose auth token is old.
    pub accounts_rotation_due: u64,
    /// All agents.
    pub agents: u64,
    /// Those that take calls.
    pub agents_active: u64,
    /// ElevenLabs agents.
    pub eleven_labs: u64,
    /// Those of them without a key of their own.
    pub eleven_labs_without_key: u64,
    /// All numbers.
    pub numbers: u64,
    /// Those that Twilio refused.
    pub numbers_refused: u64,
    /// Those that nobody answers.
    pub numbers_unassigned: u64,
    /// Those whose webhooks we may write and never did.
    pub webhooks_unmanaged: u64,
    /// Those whose webhooks are under way.
    pub webhooks_pending: u64,
    /// Those whose webhooks somebody else changed.
    pub webhooks_drifted: u64,
    /// Those whose webhooks Twilio refused.
    pub webhooks_failed: u64,
    /// Effects that were given up.
    pub effects_dead: u64,
    /// Effects that nobody takes.
    pub effects_overdue: u64,
    /// Secrets still need a master key that is no longer the first.
    pub master_key_behind: bool,
}

/// The whole checklist, in the order in which one sets things up.
pub fn checklist(seen: &Seen) -> Vec<Check> {
    vec![
        public_url(seen),
        telephony(seen),
        primary_account(seen),
        accounts_active(seen),
        accounts_verify_webhooks(seen),
        token_rotation(seen),
        agents(seen),
        eleven_labs_key(seen),
        numbers(seen),
        numbers_assigned(seen),
        webhooks(seen),
        effects(seen),
        master_key(seen),
    ]
}

fn passed(name: &'static str, message: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Passed, message: message.into(), remedy: "" }
}

fn skipped(name: &'static str, message: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Skipped, message: message.into(), remedy: "" }
}

fn warning(name: &'static str, message: impl Into<String>, remedy: &'static str) -> Check {
    Check { name, verdict: Verdict::Warning, message: message.into(), remedy }
}

fn failed(name: &'static str, message: impl Into<String>, remedy: &'static str) -> Check {
    Check { name, verdict: Verdict::Failed, message: message.into(), remedy }
}

fn public_url(seen: &Seen) -> Check {
    const NAME: &str = "public-url";
    const REMEDY: &str = "CALLPLANE_PUBLIC_URL=https://calls.example.com callplane-control-plane serve";
    match seen.public_url.as_deref() {
        None => failed(NAME, "the server does not know what Twilio calls it by", REMEDY),
        Some(url) if url.starts_with("https://") => passed(NAME, format!("Twilio calls {url}")),
        Some(url) if seen.dev => warning(NAME, format!("{url} is not https: good for a simulator only"), REMEDY),
        Some(url) => failed(NAME, format!("{url} is not https"), REMEDY),
    }
}

fn telephony(seen: &Seen) -> Check {
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

fn primary_account(seen: &Seen) -> Check {
    const NAME: &str = "primary-account";
    const VERIFY: &str = "callplane account list -o wide; callplane account verify acc_… --wait";
    let Some(status) = seen.primary else {
        let remedy =
            "callplane account create --display-name Main --account-sid AC… --auth-token-file token.txt --wait";
        return failed(NAME, "there is no account", remedy);
    };
    match status {
        Status::Active => passed(NAME, "Twilio confirmed the primary account"),
        Status::Unverified => warning(NAME, "Twilio has not confirmed the primary account yet", VERIFY),
        Status::VerifyOnly => warning(
            NAME,
            "the primary account has no credentials for Twilio's API: calls arrive, nothing can be configured",
            "callplane account set-credentials acc_… --auth-token-file token.txt",
        ),
        Status::Suspended | Status::Closed | Status::Refused | Status::WrongRegion => {
            failed(NAME, format!("the primary account is `{status}`"), VERIFY)
        }
    }
}

fn accounts_active(seen: &Seen) -> Check {
    const NAME: &str = "accounts-active";
    match (seen.accounts, seen.accounts_not_active) {
        (0, _) => skipped(NAME, "there is no account"),
        (all, 0) => passed(NAME, format!("nothing keeps any of {all} accounts from working")),
        (all, bad) => warning(
            NAME,
            format!("{bad} of {all} accounts are unverified, suspended, closed, refused or of another region"),
            "callplane account list --status refused -o wide",
        ),
    }
}

fn accounts_verify_webhooks(seen: &Seen) -> Check {
    const NAME: &str = "accounts-verify-webhooks";
    match (seen.accounts, seen.accounts_unverifiable) {
        (0, _) => skipped(NAME, "there is no account"),
        (all, 0) => passed(NAME, format!("the webhooks of all {all} accounts can be verified")),
        (all, bad) => failed(
            NAME,
            format!("{bad} of {all} accounts have no auth token: their webhooks are refused, an API key signs none"),
            "callplane account set-credentials acc_… --auth-token-file token.txt",
        ),
    }
}

fn token_rotation(seen: &Seen) -> Check {
    const NAME: &str = "token-rotation";
    match (seen.accounts, seen.accounts_rotation_due) {
        (0, _) => skipped(NAME, "there is no account"),
        (_, 0) => passed(NAME, "no auth token is older than 80 days"),
        (_, due) => warning(
            NAME,
            format!("{due} auth tokens are older than 80 days"),
            "callplane account set-credentials acc_… --secondary-auth-token-file next.txt",
        ),
    }
}

fn agents(seen: &Seen) -> Check {
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

fn eleven_labs_key(seen: &Seen) -> Check {
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

fn numbers(seen: &Seen) -> Check {
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

fn numbers_assigned(seen: &Seen) -> Check {
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

fn webhooks(seen: &Seen) -> Check {
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

fn effects(seen: &Seen) -> Check {
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

fn master_key(seen: &Seen) -> Check {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Seen {
        Seen {
            public_url: Some("https://calls.example.com".to_owned()),
            primary: Some(Status::Active),
            accounts: 2,
            agents: 1,
            agents_active: 1,
            numbers: 3,
            ..Seen::default()
        }
    }

    fn verdict(seen: &Seen, name: &str) -> Verdict {
        checklist(seen).into_iter().find(|check| check.name == name).expect("on the list").verdict
    }

    #[test]
    fn a_workspace_that_is_set_up_has_nothing_to_do() {
        for check in checklist(&healthy()) {
            assert!(matches!(check.verdict, Verdict::Passed | Verdict::Skipped), "{check:?}");
            assert_eq!(check.remedy, "", "{}", check.name);
        }
    }

    #[test]
    fn whatever_does_not_pass_says_what_to_do() {
        let empty = checklist(&Seen::default());
        for check in &empty {
            let needs_help = matches!(check.verdict, Verdict::Warning | Verdict::Failed);
            assert_eq!(needs_help, !check.remedy.is_empty(), "{check:?}");
        }
        let failed: Vec<_> = empty.iter().filter(|c| c.verdict == Verdict::Failed).map(|c| c.name).collect();
        assert_eq!(failed, ["public-url", "primary-account", "agents", "numbers"]);
    }

    #[test]
    fn each_trouble_shows_on_its_own_line() {
        use Verdict::{Failed, Warning};
        let http = || Some("http://127.0.0.1:7430".to_owned());
        for (seen, name, expected) in [
            (Seen { public_url: http(), ..healthy() }, "public-url", Failed),
            (Seen { public_url: http(), dev: true, ..healthy() }, "public-url", Warning),
            (Seen { mock: true, ..healthy() }, "telephony", Warning),
            (Seen { test_mode: true, ..healthy() }, "telephony", Warning),
            (Seen { primary: Some(Status::Suspended), ..healthy() }, "primary-account", Failed),
            (Seen { primary: Some(Status::VerifyOnly), ..healthy() }, "primary-account", Warning),
            (Seen { accounts_not_active: 1, ..healthy() }, "accounts-active", Warning),
            (Seen { accounts_unverifiable: 1, ..healthy() }, "accounts-verify-webhooks", Failed),
            (Seen { accounts_rotation_due: 1, ..healthy() }, "token-rotation", Warning),
            (Seen { agents_active: 0, ..healthy() }, "agents", Failed),
            (Seen { eleven_labs: 2, eleven_labs_without_key: 1, ..healthy() }, "elevenlabs-key", Failed),
            (Seen { numbers_refused: 1, ..healthy() }, "numbers", Warning),
            (Seen { numbers_unassigned: 1, ..healthy() }, "numbers-assigned", Warning),
            (Seen { webhooks_failed: 1, ..healthy() }, "webhooks", Failed),
            (Seen { webhooks_drifted: 1, ..healthy() }, "webhooks", Warning),
            (Seen { webhooks_pending: 1, ..healthy() }, "webhooks", Warning),
            (Seen { webhooks_unmanaged: 1, ..healthy() }, "webhooks", Warning),
            (Seen { effects_dead: 1, ..healthy() }, "effects", Warning),
            (Seen { effects_overdue: 1, ..healthy() }, "effects", Failed),
            (Seen { master_key_behind: true, ..healthy() }, "master-key", Warning),
        ] {
            assert_eq!(verdict(&seen, name), expected, "{name}");
        }
    }
}
