//! The lines about being able to fail over.

use super::{Check, Seen, failed, passed, skipped, warning};

pub(super) fn backup_account(seen: &Seen) -> Check {
    const NAME: &str = "backup-account";
    match (seen.accounts, seen.backups, seen.backups_usable) {
        (0, _, _) => skipped(NAME, "there is no account"),
        (_, 0, _) => failed(
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

pub(super) fn monitor(seen: &Seen) -> Check {
    const NAME: &str = "monitor";
    match (seen.accounts, seen.monitored, seen.monitors_late) {
        (0, _, _) => skipped(NAME, "there is no account"),
        (_, 0, _) => failed(
            NAME,
            "no account is watched: nobody notices when Twilio suspends one",
            "CALLPLANE_MONITOR=on CALLPLANE_TELEPHONY=twilio callplane-control-plane serve",
        ),
        (_, all, 0) => passed(NAME, format!("{all} accounts are watched")),
        (_, all, late) => failed(
            NAME,
            format!("{late} of {all} accounts that are to be watched have not been looked at for a while"),
            "callplane monitor list; callplane-control-plane serve",
        ),
    }
}

pub(super) fn mail(seen: &Seen) -> Check {
    const NAME: &str = "failover-mail";
    match (seen.backups, seen.mail, seen.recipients) {
        (0, _, _) => skipped(NAME, "there is no backup account to fail over to"),
        (_, None, _) => warning(
            NAME,
            "the server sends no mail: nobody is told of a failover",
            "CALLPLANE_MAIL=smtp CALLPLANE_SMTP_URL=smtp://mail.example.com:587 callplane-control-plane serve",
        ),
        (_, Some(_), 0) => warning(
            NAME,
            "nobody is named to be told of a failover",
            "callplane monitor update-policy --notification-emails you@example.com",
        ),
        (_, Some(way), people) => passed(NAME, format!("{people} addresses are told of a failover by {way}")),
    }
}
