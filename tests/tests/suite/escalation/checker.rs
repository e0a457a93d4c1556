//! A do-not-call checker that the operator runs: asked before a phone rings or a text is sent, and nobody is reached without
//! its word unless the operator wants that.

use callplane_proto::{
    checker::v1 as asked,
    v1::{self as pb, AttemptState, StepStatus as Status},
};
use callplane_simulator::Callee;
use callplane_tests::{
    Database, Plane,
    checker::{Checker, TOKEN},
    ladder::{ADA, ADA_MAIL, BEN, rung, statuses, usual},
    on_both,
    scene::NUMBER,
};

on_both!(
    whom_the_checker_lists_no_phone_rings_for_and_the_ladder_goes_on,
    whom_nobody_lists_is_reached_once_with_the_checkers_word_and_a_mail_asks_nobody,
    a_checker_that_comes_back_in_time_is_asked_again_and_it_rings_once,
    a_checker_that_stays_away_past_the_wall_is_a_reason_of_its_own,
    who_wants_it_reaches_people_without_an_answer,
    what_is_stopped_while_the_checker_is_asked_does_not_ring,
);

/// A plane that asks this checker, with somebody to reach and a stand-in.
async fn asking(db: Database, checker: &Checker, unanswered: &str) -> (Plane, pb::Contact, pb::Contact) {
    let plane = Plane::on(db)
        .mail("sendgrid")
        .set("CALLPLANE_DNC_CHECKER", &checker.url)
        .set("CALLPLANE_DNC_CHECKER_TOKEN", TOKEN)
        .set("CALLPLANE_DNC_CHECKER_UNANSWERED", unanswered);
    let plane = plane.start().await;
    plane.logs.never(TOKEN);
    for person in [ADA, BEN] {
        plane.twilio.set_callee(person, Callee::Busy);
    }
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    let ada = plane.contact("Ada", ADA, ADA_MAIL).await;
    let ben = plane.contact("Ben", BEN, "").await;
    (plane, ada, ben)
}

/// Asks for a call to the person and gives the id of its attempt.
async fn call(plane: &Plane) -> String {
    let request = pb::PlaceCallRequest { to: ADA.into(), text: "Hello".into(), ..Default::default() };
    let placed = plane.api.calls().place_call(request).await.expect("taken in").into_inner().attempt.expect("one");
    plane.settle().await;
    placed.id
}

async fn attempt(plane: &Plane, id: &str) -> pb::Attempt {
    let request = pb::GetAttemptRequest { attempt_id: id.to_owned() };
    plane.api.attempts().get_attempt(request).await.expect("one").into_inner().attempt.expect("one")
}

/// What the checker is stored to have said.
fn word(attempt: &pb::Attempt) -> Option<(bool, &str)> {
    let check = attempt.checks.iter().find(|check| check.guard() == pb::Guard::DncChecker)?;
    Some((check.passed, check.saw.as_str()))
}

async fn doctor(plane: &Plane) -> pb::CheckOutcome {
    let checks = plane.api.system().run_doctor(pb::RunDoctorRequest {}).await.expect("looked").into_inner().checks;
    checks.iter().find(|check| check.name == "dnc-checker").expect("on the list").outcome()
}

async fn whom_the_checker_lists_no_phone_rings_for_and_the_ladder_goes_on(db: Database) {
    let checker = Checker::start().await;
    checker.lists(ADA, "national register");
    let (plane, ada, ben) = asking(db, &checker, "refuse").await;
    let stand_in = pb::Rung {
        target: pb::RungTarget::Contact.into(),
        contact_id: ben.id.clone(),
        ..rung(pb::Channel::Voice, -60)
    };
    let rungs = vec![rung(pb::Channel::Sms, -300), rung(pb::Channel::Voice, -120), stand_in];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 300).await;
    plane.settle().await;
    plane.pass(179).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(statuses(&incident), [Status::Skipped, Status::Pending, Status::Pending], "the others keep their times");
    plane.pass(1).await;
    plane.pass(60).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(statuses(&incident), [Status::Skipped, Status::Skipped, Status::Executed]);
    for step in &incident.steps[..2] {
        let told = "listed by the do-not-call checker: national register";
        assert_eq!((step.reason.as_str(), step.error.as_str()), ("do_not_call", told));
        let refused = attempt(&plane, &step.attempt_id).await;
        assert_eq!((refused.state(), refused.tries, word(&refused)), (AttemptState::Over, 0, Some((false, told))));
    }
    assert_eq!((plane.rung(), plane.texted()), (vec![BEN.to_owned()], Vec::<String>::new()));
    assert_eq!(checker.asked().len(), 3);
    plane.pass(120).await;
}

async fn whom_nobody_lists_is_reached_once_with_the_checkers_word_and_a_mail_asks_nobody(db: Database) {
    let checker = Checker::start().await;
    let (plane, ada, _) = asking(db, &checker, "refuse").await;
    assert_eq!(doctor(&plane).await, pb::CheckOutcome::Passed);
    let rungs = vec![rung(pb::Channel::Email, -720), rung(pb::Channel::Sms, -300)];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    plane.incident(&policy, &ada, 720).await;
    plane.settle().await;
    assert_eq!((plane.mailed(), checker.asked().len()), (vec![ADA_MAIL.to_owned()], 0));
    plane.pass(420).await;
    let called = attempt(&plane, &call(&plane).await).await;
    assert_eq!((plane.texted(), plane.rung()), (vec![ADA.to_owned()], vec![ADA.to_owned()]));
    assert_eq!(word(&called), Some((true, "not listed by the do-not-call checker")));
    let about = |channel: asked::Channel| asked::CheckNumberRequest {
        phone_number: ADA.into(),
        channel: channel.into(),
        workspace_id: plane.workspace_id.clone(),
    };
    assert_eq!(checker.asked(), [about(asked::Channel::Sms), about(asked::Channel::Voice)]);
    assert_eq!(doctor(&plane).await, pb::CheckOutcome::Passed);
}

async fn a_checker_that_comes_back_in_time_is_asked_again_and_it_rings_once(db: Database) {
    let checker = Checker::start().await;
    checker.fails();
    let (plane, ..) = asking(db, &checker, "refuse").await;
    let id = call(&plane).await;
    plane.pass(2).await;
    let waits = attempt(&plane, &id).await;
    assert_eq!((waits.state(), word(&waits).map(|word| word.0)), (AttemptState::Waiting, Some(false)));
    assert!(waits.error.contains("cannot be reached"), "{waits:?}");
    assert_eq!((plane.rung().len(), checker.asked().len(), doctor(&plane).await), (0, 2, pb::CheckOutcome::Failed));
    checker.recovers();
    plane.pass(2).await;
    plane.pass(60).await;
    let rang = attempt(&plane, &id).await;
    assert_eq!((rang.tries, rang.ending(), word(&rang).map(|word| word.0)), (1, pb::AttemptEnding::Busy, Some(true)));
    assert_eq!((plane.rung(), checker.asked().len()), (vec![ADA.to_owned()], 3));
}

async fn a_checker_that_stays_away_past_the_wall_is_a_reason_of_its_own(db: Database) {
    let checker = Checker::start().await;
    checker.fails();
    let (plane, ada, _) = asking(db, &checker, "refuse").await;
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -30)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 30).await;
    plane.settle().await;
    for _ in 0..15 {
        plane.pass(2).await;
    }
    let stood = plane.incident_now(&incident.id).await;
    assert_eq!((statuses(&stood), stood.steps[0].reason.as_str()), (vec![Status::Skipped], "dnc_checker_unanswered"));
    assert!(stood.steps[0].error.contains("do-not-call checker"), "{stood:?}");
    checker.recovers();
    plane.pass(60).await;
    assert!(plane.rung().is_empty());
    let asked = checker.asked().len();
    assert!((5..15).contains(&asked), "asked {asked} times: after five failures it is left alone for a while");
    let is_told = plane.logs.errors().iter().any(|line| line.contains("nobody was reached"));
    assert!(is_told, "somebody should look");
    plane.expects("nobody was reached, because the do-not-call checker did not answer in time");
}

async fn who_wants_it_reaches_people_without_an_answer(db: Database) {
    let checker = Checker::start().await;
    checker.fails();
    let (plane, ..) = asking(db, &checker, "allow").await;
    let rang = attempt(&plane, &call(&plane).await).await;
    let told = "the do-not-call checker cannot be reached, and the settings allow that";
    assert_eq!((plane.rung(), word(&rang)), (vec![ADA.to_owned()], Some((true, told))));
    checker.recovers();
    checker.lists(ADA, "");
    plane.pass(1).await;
    let listed = attempt(&plane, &call(&plane).await).await;
    assert_eq!((listed.reason.as_str(), plane.rung().len()), ("do_not_call", 1), "an answer counts all the same");
}

async fn what_is_stopped_while_the_checker_is_asked_does_not_ring(db: Database) {
    let checker = Checker::start().await;
    let (plane, ..) = asking(db, &checker, "refuse").await;
    let outbound = plane.api.clone();
    checker.meanwhile(async move {
        let stop = pb::StopOutboundRequest { reason: "fraud".into() };
        outbound.outbound().stop_outbound(stop).await.expect("stopped");
    });
    let stopped = attempt(&plane, &call(&plane).await).await;
    assert_eq!((stopped.state(), stopped.reason.as_str()), (AttemptState::Over, "outbound_stopped"));
    assert_eq!((plane.rung().len(), checker.asked().len()), (0, 1));
    assert_eq!(stopped.vendor_sid, "", "nobody was asked for a call");
}
