//! Accounts that are lost on the way: the one that is left or the one that takes over is suspended, closed, or gets another token
//! right before any of the requests. Each end is done, undone or stuck, and as soon as the account works again, what the
//! explanation names does the rest.

use std::collections::BTreeSet;

use callplane_proto::v1::{self as pb, FailoverState};
use callplane_simulator::{AccountChange, AccountStatus, Fault, FaultAction};
use callplane_tests::{Database, Plane, scene::Account};

use super::{
    judge::{Came, judged},
    line::{Line, breaks, fresh, moved, moved_back, requests, struck},
};
use crate::failover::end;

/// Which of the two accounts is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Source,
    Target,
}

impl Which {
    fn of(self, line: &Line) -> &Account {
        match self {
            Self::Source => &line.source,
            Self::Target => &line.target,
        }
    }
}

/// What can become of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Suspended,
    Closed,
    AnotherToken,
    /// Twilio accepts the credentials and says that it is not active.
    ToldInactive,
}

const LOSSES: [Loss; 4] = [Loss::Suspended, Loss::Closed, Loss::AnotherToken, Loss::ToldInactive];

impl Loss {
    fn of(self, account: &Account) -> Fault {
        let becomes = |change| {
            let sid = account.sid.clone();
            Fault::once("/", FaultAction::AccountChange { sid, change })
        };
        let status = |status| AccountChange { status: Some(status), ..AccountChange::default() };
        match self {
            Self::Suspended => becomes(status(AccountStatus::Suspended)),
            Self::Closed => becomes(status(AccountStatus::Closed)),
            Self::AnotherToken => {
                becomes(AccountChange { auth_token: Some("0".repeat(32)), ..AccountChange::default() })
            }
            Self::ToldInactive => {
                let inactive = FaultAction::ErrorBefore { status: 403, code: Some(20005) };
                Fault::once("/", inactive).account(&account.sid).times(0)
            }
        }
    }
}

/// The account is as it was.
fn works_again(plane: &Plane, account: &Account) {
    plane.twilio.clear_faults();
    let (status, auth_token) = (Some(AccountStatus::Active), Some(account.auth_token.clone()));
    let change = AccountChange { status, auth_token, ..AccountChange::default() };
    plane.twilio.change_account(&account.sid, change).expect("it exists");
}

/// What is stuck is verified again.
async fn retried(plane: &Plane, stuck: &pb::Failover) -> pb::Failover {
    let request = pb::RetryFailoverRequest { failover_id: stuck.id.clone() };
    plane.api.failovers().retry_failover(request).await.expect("tried again");
    end(plane, &stuck.id).await
}

/// What is tried: which account of a line of which kind is lost, and how many of the cases.
#[derive(Clone, Copy, Debug)]
struct Trial {
    which: Which,
    native: bool,
    every: usize,
    /// Its lines have numbers from here on.
    first: usize,
}

/// Each pair of a request and a loss; says how they came out.
async fn lost_on_the_way(plane: &Plane, trial: Trial) -> BTreeSet<Came> {
    let Trial { which, native, every, first } = trial;
    let line = fresh(plane, first, native).await;
    let before = plane.twilio.ledger().len();
    assert_eq!(moved(plane, &line).await.state(), FailoverState::Completed);
    let cases = (0..requests(plane, before)).flat_map(|step| LOSSES.map(|loss| (step, loss)));
    let mut ends = BTreeSet::new();
    for (case, (step, loss)) in (first + 1..).zip(cases).step_by(every) {
        let said = format!("{loss:?} at request {step}: {trial:?}");
        let line = fresh(plane, case, native).await;
        let before = plane.twilio.ledger().len();
        breaks(plane, step, loss.of(which.of(&line)));
        let ended = moved(plane, &line).await;
        assert!(struck(plane, before) == 1 || loss == Loss::ToldInactive, "{said}");
        let came = judged(plane, &line, &ended).await;
        ends.insert(came);
        works_again(plane, which.of(&line));
        let resolved = match came {
            Came::There => continue,
            Came::Nowhere => moved(plane, &line).await,
            Came::Unverified => retried(plane, &ended).await,
        };
        assert_eq!(judged(plane, &line, &resolved).await, Came::There, "{said}");
    }
    ends
}

/// The same on the way back, where the account that was the target is left. Afterwards the line goes there once more: its number is
/// really free again.
async fn lost_on_the_way_back(plane: &Plane, trial: Trial) -> BTreeSet<Came> {
    let Trial { which, native, every, first } = trial;
    let line = fresh(plane, first, native).await;
    let original = moved(plane, &line).await;
    let before = plane.twilio.ledger().len();
    assert_eq!(moved_back(plane, &original).await.state(), FailoverState::Completed);
    let steps = requests(plane, before);
    let mut ends = BTreeSet::new();
    for (case, step) in (first + 1..).zip(0..steps).step_by(every) {
        let said = format!("suspended at request {step} of a rollback: {trial:?}");
        let line = fresh(plane, case, native).await;
        let original = moved(plane, &line).await;
        let before = plane.twilio.ledger().len();
        breaks(plane, step, Loss::Suspended.of(which.of(&line)));
        let ended = moved_back(plane, &original).await;
        assert_eq!(struck(plane, before), 1, "{said}");
        let came = judged(plane, &line, &ended).await;
        ends.insert(came);
        works_again(plane, which.of(&line));
        let resolved = match came {
            Came::There => ended,
            Came::Nowhere => moved_back(plane, &original).await,
            Came::Unverified => retried(plane, &ended).await,
        };
        assert_eq!(judged(plane, &line, &resolved).await, Came::There, "{said}");
        let again = moved(plane, &line).await;
        assert_eq!(judged(plane, &line, &again).await, Came::There, "{said}");
    }
    ends
}

/// On PostgreSQL a sample is enough: it shares no factor with the number of losses, so that each of them is in it.
const SAMPLE: usize = 7;

/// The target may fail at any point; a line is never between two numbers. At the end of a line of ElevenLabs it alone is asked.
async fn target(db: Database, native: bool, every: usize) {
    let plane = Plane::start(db).await;
    let ends = lost_on_the_way(&plane, Trial { which: Which::Target, native, every, first: 0 }).await;
    let mut expected = BTreeSet::from([Came::Nowhere, Came::Unverified]);
    if native {
        expected.insert(Came::There);
    }
    assert_eq!(ends, expected);
}

/// Nothing is asked of an account that is left.
async fn source(db: Database, every: usize) {
    let plane = Plane::start(db).await;
    for (native, first) in [(false, 0), (true, 1000)] {
        let ends = lost_on_the_way(&plane, Trial { which: Which::Source, native, every, first }).await;
        assert_eq!(ends, BTreeSet::from([Came::There]), "native {native}");
    }
}

/// Back, the account that failed is the target, and the backup account the one that is left.
async fn back(db: Database, native: bool, every: usize) {
    let plane = Plane::start(db).await;
    let ends = lost_on_the_way_back(&plane, Trial { which: Which::Source, native, every, first: 0 }).await;
    assert!(ends.contains(&Came::Nowhere) && ends.contains(&Came::Unverified), "{ends:?}");
    let left = Trial { which: Which::Target, native, every: 2 * every, first: 1000 };
    assert_eq!(lost_on_the_way_back(&plane, left).await, BTreeSet::from([Came::There]));
}

#[tokio::test]
async fn a_target_that_is_lost_before_any_request_leaves_the_line_at_one_number_on_sqlite() {
    target(Database::sqlite(), false, 1).await;
}

#[tokio::test]
async fn a_target_that_is_lost_before_any_request_leaves_the_line_at_one_number_on_postgres() {
    target(Database::postgres().await, false, SAMPLE).await;
}

#[tokio::test]
async fn a_target_that_is_lost_before_any_request_leaves_a_line_of_elevenlabs_at_one_number_on_sqlite() {
    target(Database::sqlite(), true, 1).await;
}

#[tokio::test]
async fn a_target_that_is_lost_before_any_request_leaves_a_line_of_elevenlabs_at_one_number_on_postgres() {
    target(Database::postgres().await, true, SAMPLE).await;
}

#[tokio::test]
async fn a_source_that_is_lost_before_any_request_changes_nothing_on_sqlite() {
    source(Database::sqlite(), 3).await;
}

#[tokio::test]
async fn a_source_that_is_lost_before_any_request_changes_nothing_on_postgres() {
    source(Database::postgres().await, SAMPLE).await;
}

#[tokio::test]
async fn an_account_that_is_lost_on_the_way_back_leaves_the_line_at_one_number_on_sqlite() {
    back(Database::sqlite(), false, 1).await;
}

#[tokio::test]
async fn an_account_that_is_lost_on_the_way_back_leaves_the_line_at_one_number_on_postgres() {
    back(Database::postgres().await, false, 3).await;
}

#[tokio::test]
async fn an_account_that_is_lost_on_the_way_back_leaves_a_line_of_elevenlabs_at_one_number_on_sqlite() {
    back(Database::sqlite(), true, 1).await;
}

#[tokio::test]
async fn an_account_that_is_lost_on_the_way_back_leaves_a_line_of_elevenlabs_at_one_number_on_postgres() {
    back(Database::postgres().await, true, 3).await;
}
