//! The lines about accounts and their credentials.

use super::{Check, Seen, failed, passed, skipped, warning};
use crate::domain::account::Status;

pub(super) fn primary_account(seen: &Seen) -> Check {
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

pub(super) fn accounts_active(seen: &Seen) -> Check {
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

pub(super) fn accounts_verify_webhooks(seen: &Seen) -> Check {
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

pub(super) fn token_rotation(seen: &Seen) -> Check {
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
