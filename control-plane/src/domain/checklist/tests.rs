use super::*;
use crate::domain::{account::Status, dnc::Unanswered};

fn healthy() -> Seen {
    Seen {
        public_url: Some("https://calls.example.com".to_owned()),
        primary: Some(Status::Active),
        accounts: 2,
        agents: 1,
        agents_active: 1,
        numbers: 3,
        backups: 1,
        backups_usable: 1,
        lines: 2,
        monitored: 2,
        mail: Some("smtp"),
        recipients: 1,
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
fn a_checker_that_answers_or_was_not_asked_yet_is_no_trouble() {
    assert_eq!(verdict(&healthy(), "dnc-checker"), Verdict::Skipped);
    for checker_answers in [None, Some(true)] {
        let seen = Seen { dnc_checker: Some(Unanswered::Refuse), checker_answers, ..healthy() };
        assert_eq!(verdict(&seen, "dnc-checker"), Verdict::Passed);
    }
}

#[test]
fn each_trouble_shows_on_its_own_line() {
    use Verdict::{Failed, Warning};
    let unanswered = |rule| Seen { dnc_checker: Some(rule), checker_answers: Some(false), ..healthy() };
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
        (Seen { backups: 0, backups_usable: 0, ..healthy() }, "backup-account", Failed),
        (Seen { backups_usable: 0, ..healthy() }, "backup-account", Failed),
        (Seen { lines_left_out: 1, ..healthy() }, "backup-numbers", Failed),
        (Seen { monitored: 0, ..healthy() }, "monitor", Failed),
        (Seen { monitors_late: 1, ..healthy() }, "monitor", Failed),
        (Seen { mail: None, ..healthy() }, "failover-mail", Warning),
        (Seen { recipients: 0, ..healthy() }, "failover-mail", Warning),
        (unanswered(Unanswered::Refuse), "dnc-checker", Failed),
        (unanswered(Unanswered::Allow), "dnc-checker", Warning),
        (Seen { effects_dead: 1, ..healthy() }, "effects", Warning),
        (Seen { effects_overdue: 1, ..healthy() }, "effects", Failed),
        (Seen { master_key_behind: true, ..healthy() }, "master-key", Warning),
    ] {
        assert_eq!(verdict(&seen, name), expected, "{name}");
    }
}
