//! The story: a meeting that Ada must not miss. She gets a mail, a message and a call, and presses a key. At the next one
//! nobody answers, neither she nor Ben, who stands in, and the operators are told.

use std::time::Duration;

use callplane_control_plane::domain::time::Timestamp;
use callplane_proto::v1 as pb;
use callplane_simulator::{Callee, Happened, LedgerFilter, Pace};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, ADA_MAIL, BEN},
    scene::NUMBER,
};
use chrono::{DurationRound, SecondsFormat};

use crate::{
    ledger::{Ledger, OPERATORS},
    stage::{Stage, say},
};

const PAUSE: Duration = Duration::from_millis(4);
const MEETING: &str = "Board meeting";
/// The policy that people read about is the one that is shown.
const PAGE: &str = include_str!("../../docs/escalation.md");

/// Whom the story is about, by their ids.
struct Cast {
    policy: String,
    ada: String,
    ben: String,
}

/// Tells it.
pub async fn tell() {
    say("A workspace with a number to call from. Ada is to be reached, and Ben stands in for her.");
    let stage = Stage::open(Plane::on(Database::sqlite()).mail("sendgrid"), PAUSE).await;
    let cast = furnish(&stage).await;
    answered(&stage, &cast).await;
    unanswered(&stage, &cast).await;
    stage.types(&["incident", "list"]).await;
    stage.plane.settle().await;
}

async fn furnish(stage: &Stage) -> Cast {
    let plane = &stage.plane;
    // A telephone rings for as long as it rings, and everything falls on whole seconds.
    plane.twilio.set_pace(Pace::Stepped);
    let second = plane.now().duration_trunc(chrono::Duration::seconds(1)).expect("a second");
    plane.advance((second + chrono::Duration::seconds(1) - plane.now()).to_std().expect("ahead"));
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    for personal in [ADA, ADA_MAIL, BEN] {
        plane.logs.never(personal);
    }
    let told = ["monitor", "update-policy", "--notification-emails", OPERATORS, "--columns", "notification_emails"];
    stage.types(&told).await;
    let contact = ["contact", "create", "--columns", "id,display_name,time_zone", "--display-name"];
    let ada = ["Ada", "--phone-number", ADA, "--email", ADA_MAIL, "--time-zone", "Europe/Berlin"];
    let ada = stage.makes("con_", &[&contact[..], &ada].concat()).await;
    let ben = stage.makes("con_", &[&contact[..], &["Ben", "--phone-number", BEN]].concat()).await;
    stage.lays("policy.json", worked_policy());
    let policy = stage.makes("pol_", &["policy", "create", "--request", "@policy.json"]).await;
    Cast { policy, ada, ben }
}

/// The first block of JSON in `docs/escalation.md`.
fn worked_policy() -> &'static str {
    let block = PAGE.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    block.expect("docs/escalation.md shows a policy")
}

async fn answered(stage: &Stage, cast: &Cast) {
    say("The meeting starts in 13 minutes. What would happen?");
    stage.plane.twilio.set_callee(ADA, Callee::presses("1"));
    let start = stage.plane.now() + chrono::Duration::minutes(13);
    stage.types(&about("plan", cast, &moment(start))).await;
    say("So be it. From here on nobody types anything; minutes and seconds are before (-) and after (+) the start.");
    let (incident, ledger) = opened(stage, cast, start).await;
    stage
        .until("the incident is resolved", async |plane| {
            ledger.tell(plane);
            let incident = plane.incident_now(&incident).await;
            (incident.state() == pb::IncidentState::Resolved && is_quiet(&incident)).then_some(())
        })
        .await;
    let came = ["a mail to Ada", "a message to Ada", "Ada is rung", "Ada answers", "Ada presses 1"];
    assert_eq!(ledger.told()[..came.len()], came, "what people got");
    println!("\n  What Ada heard: {}", heard(&stage.plane));
    stage.types(&["incident", "get", &incident, "--columns", "state,outcome,answered_by,answer_time"]).await;
    stage.types(&["incident", "explain", &incident]).await;
}

async fn unanswered(stage: &Stage, cast: &Cast) {
    say("The next meeting. This time nobody answers.");
    stage.plane.twilio.set_callee(ADA, Callee::NoAnswer);
    stage.plane.twilio.set_callee(BEN, Callee::NoAnswer);
    let start = stage.plane.now() + chrono::Duration::minutes(13);
    let (incident, ledger) = opened(stage, cast, start).await;
    stage
        .until("the operators are told", async |plane| {
            ledger.tell(plane);
            ledger.told().iter().any(|line| line == "a mail to the operators").then_some(())
        })
        .await;
    let rings = ledger.told().into_iter().filter(|line| line.ends_with("is rung"));
    let expected = ["Ada is rung", "Ada is rung", "Ben is rung"];
    assert_eq!(rings.collect::<Vec<_>>(), expected, "whose telephones rang");
    stage.shows_mails_to(OPERATORS);
    stage.types(&["incident", "explain", &incident]).await;
    say("Somebody takes care of it.");
    let resolve = ["incident", "resolve", &incident, "--by", "the desk", "--columns", "state,outcome,answered_by"];
    stage.types(&resolve).await;
}

/// Opens an incident about a meeting, and begins to tell what comes of it.
async fn opened(stage: &Stage, cast: &Cast, start: Timestamp) -> (String, Ledger) {
    let ledger = Ledger::new(&stage.plane, start);
    let start = moment(start);
    let command = about("open", cast, &start);
    let incident = stage.makes("inc_", &command).await;
    println!();
    (incident, ledger)
}

/// The command about a meeting of Ada's, with Ben to stand in.
fn about<'a>(command: &'a str, cast: &'a Cast, start: &'a str) -> Vec<&'a str> {
    let whose: &[&str] = match command {
        "plan" => &["policy", "plan", &cast.policy],
        _ => &["incident", "open", "--columns", "id,state,start_time", "--policy-id", &cast.policy],
    };
    let rest = ["--contact-id", &cast.ada, "--stand-in-ids", &cast.ben, "--start-time", start, "--title", MEETING];
    whose.iter().copied().chain(rest).collect()
}

/// Nothing of it is under way.
fn is_quiet(incident: &pb::Incident) -> bool {
    incident.steps.iter().all(|step| step.attempt_id.is_empty() || step.ending() != pb::AttemptEnding::Unspecified)
}

/// What was said on the call that rang last.
fn heard(plane: &Plane) -> String {
    let rung = plane.twilio.ledger_of(&LedgerFilter::kind("rung")).pop().expect("somebody was rung");
    let Happened::Rung { call_sid, .. } = rung.what else { panic!("the ledger keeps its kinds apart") };
    plane.twilio.transcript(&call_sid).expect("it rang").said()
}

fn moment(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
