//! The lines about being able to fail over.

use super::{Check, Seen, failed, passed, skipped, warning};

pub(super) fn backup_account(seen: &Seen) -> Check {
    const NAME: &str = "backup-account";
    match (seen.accounts, seen.backups, seen.backups_usable) {
        (0, _, _) => skipped(NAME, "there is no account"),
        (_, 0, _) => warning(
            NAME,
            "no backup account has backup numbers: when Twilio suspends the primary account, its agents cannot be moved",
            "callplane account create --display-name Backup --account-sid AC… --auth-token-file token.txt --wait; \
             callplane number add-to-pool num_…",
        ),
        (_, all, 0) => failed(
            NAME,
            format!("Twilio confirmed none of {all} backup accounts"),
            "callplane account list --role backup -o wide; callplane account verify acc_… --wait",
        ),
        (_, all, usable) => passed(NAME, format!("{usable} of {all} backup accounts can take over")),
    }
}

pub(super) fn backup_numbers(seen: &Seen) -> Check {
    const NAME: &str = "backup-numbers";
    match (seen.backups_usable, seen.lines, seen.lines_left_out) {
        (0, _, _) => skipped(NAME, "there is no backup account that can take over"),
        (_, 0, _) => skipped(NAME, "nobody answers a number of the primary account"),
        (_, lines, 0) => passed(NAME, format!("there is a backup number for each of {lines} agents and plans")),
        (_, lines, left_out) => failed(
            NAME,
            format!("{left_out} of {lines} agents and plans would be left without a number"),
            "callplane number coverage; callplane number import --account-id acc_… --e164 +… --wait; callplane number \
             add-to-pool num_…",
        ),
    }
}
