//! The vendors' clients against the simulator: one tells what the other means.

use std::{sync::Arc, time::Duration};

use callplane_control_plane::{
    clock::SystemClock,
    domain::{
        message::MessageStatus,
        outcome::{Cause, Outcome},
        phone_number::attachment::ImportOrder,
        seconds::Seconds,
        telephony::{
            AccountStatus, CallFilter, CallOrder, CallStatus, EndCall, MessageFilter, MessageOrder, NumberSeen,
            Webhooks,
        },
    },
    provider::{
        Access, AgentCallDirection, AgentKey, Credential, RegisterCall, Telephony, VoiceAgents,
        elevenlabs::{self, ElevenLabs},
        twilio::{self, Twilio},
    },
};
use callplane_simulator::{
    Fault, FaultAction, MessageFate, NewAccount, NewAgent, NewElevenLabsKey, NewKey, NewNumber, Pace, PlaceCall,
    SeededAccount, Simulator, SimulatorHandle, SimulatorOptions,
};

const NUMBER: &str = "+14155550123";
const CALLER: &str = "+14155550199";

struct Bench {
    simulator: SimulatorHandle,
    main: SeededAccount,
    sub: SeededAccount,
    twilio: Twilio,
}

impl Bench {
    async fn start() -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).await.expect("a free port");
        let main = simulator.add_account(NewAccount::default()).expect("a main account");
        let parent_sid = Some(main.sid.clone());
        let sub = simulator.add_account(NewAccount { parent_sid, ..NewAccount::default() }).expect("a subaccount");
        simulator.add_number(NewNumber::new(NUMBER, &sub.sid)).expect("a number");
        let twilio = Twilio::new(twilio::Settings::default(), Arc::new(SystemClock)).expect("a client");
        Self { simulator, main, sub, twilio }
    }

    fn access(&self, account: &SeededAccount) -> Access {
        let token = Credential::AuthToken(account.auth_token.clone().into());
        let api_base_url = Some(self.simulator.base_url().to_owned());
        Access { api_base_url, ..Access::new(account.sid.parse().expect("a SID"), token) }
    }

    /// The subaccount, with its main account to explain a refusal.
    fn sub(&self) -> Access {
        Access { parent: Some(Box::new(self.access(&self.main))), ..self.access(&self.sub) }
    }

    fn elevenlabs(&self) -> (ElevenLabs, AgentKey) {
        let client = ElevenLabs::new(elevenlabs::Settings::default(), Arc::new(SystemClock)).expect("a client");
        let key = self.simulator.add_elevenlabs_key(NewElevenLabsKey::default());
        let api_base_url = Some(self.simulator.base_url().to_owned());
        (client, AgentKey { api_key: key.key.into(), api_base_url })
    }

    async fn number(&self) -> NumberSeen {
        let found = done(self.twilio.find_number(&self.sub(), &NUMBER.parse().expect("a number")).await);
        found.expect("the account owns it")
    }
}

fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("expected it to be done: {other:?}"),
    }
}

fn cause<T: std::fmt::Debug>(outcome: Outcome<T>) -> Cause {
    match outcome {
        Outcome::Refused(refused) => refused.cause,
        other => panic!("expected a refusal: {other:?}"),
    }
}

fn wanted() -> Webhooks {
    let at = |path: &str| Some(format!("https://edge.example.com/twilio/{path}#rc=2&rp=5xx,ct,rt"));
    Webhooks {
        voice_url: at("voice"),
        voice_fallback_url: at("fallback"),
        status_callback_url: at("status"),
        sms_url: at("message"),
        ..Webhooks::default()
    }
}

#[tokio::test]
async fn an_account_proves_itself_with_its_token() {
    let bench = Bench::start().await;
    let seen = done(bench.twilio.read_account(&bench.sub()).await);
    assert_eq!((seen.status, seen.is_subaccount()), (AccountStatus::Active, true));
    assert_eq!(seen.owner_account_sid.as_str(), bench.main.sid);
    let both = done(bench.twilio.list_accounts(&bench.access(&bench.main), None).await);
    assert_eq!(both.items.len(), 2);
}

#[tokio::test]
async fn a_suspended_subaccount_is_told_from_a_wrong_token() {
    let bench = Bench::start().await;
    let wrong = Access { credential: Credential::AuthToken("wrong".to_owned().into()), ..bench.sub() };
    assert_eq!(cause(bench.twilio.read_account(&wrong).await), Cause::Credentials);
    bench.simulator.suspend(&bench.sub.sid).expect("it exists");
    assert_eq!(cause(bench.twilio.read_account(&bench.sub()).await), Cause::Suspended);
}

#[tokio::test]
async fn a_main_api_key_reads_its_account_and_a_standard_one_says_why_it_may_not() {
    let bench = Bench::start().await;
    for main in [true, false] {
        let key = NewKey { account_sid: bench.sub.sid.clone(), sid: None, secret: None, main };
        let key = bench.simulator.add_key(key).expect("a key");
        let credential = Credential::ApiKey { sid: key.sid.parse().expect("a SID"), secret: key.secret.into() };
        let outcome = bench.twilio.read_account(&Access { credential, ..bench.sub() }).await;
        match main {
            true => assert_eq!(done(outcome).status, AccountStatus::Active),
            false => assert_eq!(cause(outcome), Cause::Permission),
        }
    }
}

#[tokio::test]
async fn webhooks_read_back_as_they_were_written() {
    let bench = Bench::start().await;
    let seen = bench.number().await;
    assert!(!seen.is_configured_as(&wanted()));
    let written = done(bench.twilio.write_webhooks(&bench.sub(), &seen, &wanted()).await);
    assert!(written.is_configured_as(&wanted()), "{written:?}");
    let now = done(bench.twilio.read_number(&bench.sub(), &seen.sid).await);
    assert_eq!(now, written);
    let cleared = done(bench.twilio.write_webhooks(&bench.sub(), &now, &Webhooks::default()).await);
    assert!(cleared.is_configured_as(&Webhooks::default()), "{cleared:?}");
    assert_eq!(done(bench.twilio.list_numbers(&bench.sub(), None).await).items, [cleared]);
}

#[tokio::test]
async fn an_error_after_the_work_leaves_open_whether_it_was_done() {
    for action in
        [FaultAction::ErrorAfter { status: 500, code: Some(20500) }, FaultAction::ResetAfter, FaultAction::Garbage]
    {
        let bench = Bench::start().await;
        let seen = bench.number().await;
        bench.simulator.inject_fault(Fault::once("/IncomingPhoneNumbers/", action.clone()).method("POST"));
        let outcome = bench.twilio.write_webhooks(&bench.sub(), &seen, &wanted()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{action:?}: {outcome:?}");
        let now = done(bench.twilio.read_number(&bench.sub(), &seen.sid).await);
        assert!(now.is_configured_as(&wanted()), "{action:?}: it was done");
    }
}

#[tokio::test]
async fn too_many_requests_is_a_refusal_and_nothing_was_done() {
    let bench = Bench::start().await;
    let seen = bench.number().await;
    bench.simulator.inject_fault(Fault::once("/IncomingPhoneNumbers/", FaultAction::TooManyRequests).method("POST"));
    assert_eq!(cause(bench.twilio.write_webhooks(&bench.sub(), &seen, &wanted()).await), Cause::RateLimited);
    assert_eq!(bench.number().await, seen);
}

#[tokio::test]
async fn a_call_that_nobody_told_us_of_is_found_in_the_list() {
    let bench = Bench::start().await;
    let call = PlaceCall { voice_url: Some("http://127.0.0.1:1/".to_owned()), ..PlaceCall::new(CALLER, NUMBER) };
    let transcript = bench.simulator.place_inbound_call(call).await.expect("it rings");
    let filter = CallFilter { to: Some(NUMBER.parse().expect("a number")), ..CallFilter::default() };
    let page = done(bench.twilio.list_calls(&bench.sub(), &filter, None).await);
    let found: Vec<_> = page.items.iter().map(|call| call.sid.as_str()).collect();
    assert_eq!(found, [transcript.call_sid.as_str()]);
    let read = done(bench.twilio.read_call(&bench.sub(), &page.items[0].sid).await);
    assert_eq!(read, page.items[0]);
    assert_eq!((read.from.as_str(), read.to.as_str()), (CALLER, NUMBER));
    assert!(read.status.is_final() && read.status != CallStatus::Other, "{read:?}");
}

#[tokio::test]
async fn an_announced_call_gets_the_twiml_of_its_agent() {
    let bench = Bench::start().await;
    let agent = bench.simulator.add_agent(NewAgent::default());
    let (client, key) = bench.elevenlabs();
    let call = RegisterCall {
        agent_id: agent.agent_id.clone(),
        from: CALLER.into(),
        to: NUMBER.into(),
        direction: AgentCallDirection::Inbound,
        dynamic_variables: Default::default(),
    };
    let patience = Duration::from_secs(10);
    let twiml = done(client.register_call(&key, &call, patience).await);
    assert!(twiml.contains(&agent.agent_id), "{twiml}");
    assert!(done(client.get_agent(&key, &agent.agent_id).await).telephone_audio);

    let absent = RegisterCall { agent_id: "agent_absent".to_owned(), ..call.clone() };
    assert_eq!(cause(client.register_call(&key, &absent, patience).await), Cause::NotFound);
    let wrong = AgentKey { api_key: "wrong".to_owned().into(), ..key };
    assert_eq!(cause(client.register_call(&wrong, &call, patience).await), Cause::Credentials);
}

fn order(agent_id: &str) -> ImportOrder {
    let (label, vendor_agent_id) = ("Callplane num_01".to_owned(), agent_id.to_owned());
    ImportOrder { e164: NUMBER.parse().expect("a number"), label, vendor_agent_id }
}

#[tokio::test]
async fn a_number_is_imported_assigned_read_and_deleted_and_the_import_takes_its_voice_url() {
    let bench = Bench::start().await;
    let (client, key) = bench.elevenlabs();
    let [one, other] = [(); 2].map(|()| bench.simulator.add_agent(NewAgent::default()).agent_id);
    let id = done(client.import_number(&key, &bench.sub(), &order(&one)).await);
    let seen = done(client.read_import(&key, &id).await);
    assert_eq!((seen.e164.as_str(), seen.label.as_str(), seen.is_twilio), (NUMBER, "Callplane num_01", true));
    assert_eq!(seen.vendor_agent_id.as_deref(), Some(one.as_str()));
    assert_eq!(done(client.get_agent(&key, &one).await).imports, [seen]);
    let url = bench.number().await.webhooks.voice_url;
    assert!(url.as_deref().is_some_and(|url| url.contains("elevenlabs.io")), "{url:?}");

    let moved = done(client.assign_import(&key, &id, Some(&other)).await);
    assert_eq!(moved.vendor_agent_id.as_deref(), Some(other.as_str()));
    assert_eq!(done(client.assign_import(&key, &id, None).await).vendor_agent_id, None);
    assert_eq!(done(client.list_imports(&key).await).len(), 1);
    done(client.delete_import(&key, &id).await);
    assert_eq!(done(client.list_imports(&key).await), []);
    assert_eq!(cause(client.read_import(&key, &id).await), Cause::NotFound);
    assert_eq!(cause(client.delete_import(&key, &id).await), Cause::NotFound);
}

#[tokio::test]
async fn an_import_is_refused_with_what_is_wrong_and_changes_nothing() {
    let bench = Bench::start().await;
    let (client, key) = bench.elevenlabs();
    let agent = bench.simulator.add_agent(NewAgent::default()).agent_id;
    let before = bench.number().await;
    let wrong = Access { credential: Credential::AuthToken("wrong".to_owned().into()), ..bench.sub() };
    assert_eq!(cause(client.import_number(&key, &wrong, &order(&agent)).await), Cause::Invalid);
    let elsewhere = bench.access(&bench.main);
    assert_eq!(cause(client.import_number(&key, &elsewhere, &order(&agent)).await), Cause::Invalid);
    assert_eq!(cause(client.import_number(&key, &bench.sub(), &order("agent_absent")).await), Cause::NotFound);
    let stranger = AgentKey { api_key: "wrong".to_owned().into(), ..key.clone() };
    assert_eq!(cause(client.import_number(&stranger, &bench.sub(), &order(&agent)).await), Cause::Credentials);
    bench.simulator.inject_fault(Fault::once("/phone-numbers", FaultAction::TooManyRequests).method("POST"));
    assert_eq!(cause(client.import_number(&key, &bench.sub(), &order(&agent)).await), Cause::RateLimited);
    assert_eq!((bench.number().await, done(client.list_imports(&key).await)), (before, Vec::new()));
}

#[tokio::test]
async fn an_import_whose_answer_is_lost_is_unknown_and_is_in_the_list() {
    for action in [FaultAction::ErrorAfter { status: 500, code: None }, FaultAction::ResetAfter, FaultAction::Garbage] {
        let bench = Bench::start().await;
        let (client, key) = bench.elevenlabs();
        let agent = bench.simulator.add_agent(NewAgent::default()).agent_id;
        bench.simulator.inject_fault(Fault::once("/phone-numbers", action.clone()).method("POST"));
        let outcome = client.import_number(&key, &bench.sub(), &order(&agent)).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{action:?}: {outcome:?}");
        let listed = done(client.list_imports(&key).await);
        assert_eq!(listed.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["Callplane num_01"], "{action:?}");
    }
}

fn call_order(tag: &str) -> CallOrder {
    CallOrder {
        to: CALLER.parse().expect("a number"),
        from: NUMBER.parse().expect("a number"),
        url: format!("http://127.0.0.1:1/twilio/voice/{tag}"),
        fallback_url: String::new(),
        status_callback: format!("http://127.0.0.1:1/twilio/status/{tag}"),
        ring_timeout: CallOrder::RING_TIMEOUT,
        time_limit: Seconds(600),
        machine_detection: false,
    }
}

fn message_order() -> MessageOrder {
    MessageOrder {
        to: CALLER.into(),
        from: NUMBER.into(),
        body: "Standup in five minutes".to_owned(),
        status_callback: "http://127.0.0.1:1/twilio/message/status".to_owned(),
        validity: Seconds(300),
    }
}

fn between() -> CallFilter {
    let (to, from) = (Some(CALLER.parse().expect("a number")), Some(NUMBER.parse().expect("a number")));
    CallFilter { to, from, ..CallFilter::default() }
}

/// The simulator's clock stands still, so calls wait and ring for as long as the test likes.
async fn bench_out_of_time() -> Bench {
    let bench = Bench::start().await;
    bench.simulator.set_pace(Pace::Stepped);
    bench.simulator.stop_clock_at(bench.simulator.now());
    bench
}

#[tokio::test]
async fn a_call_that_waits_at_the_accounts_rate_is_in_the_list_and_can_be_taken_back() {
    let bench = bench_out_of_time().await;
    let first = done(bench.twilio.create_call(&bench.sub(), &call_order("one")).await);
    let second = done(bench.twilio.create_call(&bench.sub(), &call_order("two")).await);
    assert_eq!((first.status, second.status, second.start_time), (CallStatus::Queued, CallStatus::Queued, None));
    let page = done(bench.twilio.list_calls(&bench.sub(), &between(), None).await);
    let sids: Vec<_> = page.items.iter().map(|call| call.sid.clone()).collect();
    assert_eq!(sids, [second.sid.clone(), first.sid]);
    done(bench.twilio.end_call(&bench.sub(), &second.sid, EndCall::Cancel).await);
    bench.simulator.settle().await;
    assert_eq!(done(bench.twilio.read_call(&bench.sub(), &second.sid).await).status, CallStatus::Canceled);
    // Over is over, and is no failure.
    let again = done(bench.twilio.end_call(&bench.sub(), &second.sid, EndCall::HangUp).await);
    assert_eq!(again.status, CallStatus::Canceled);
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_unknown_and_is_in_the_list_once() {
    for action in [FaultAction::ErrorAfter { status: 500, code: None }, FaultAction::ResetAfter, FaultAction::Garbage] {
        let bench = bench_out_of_time().await;
        bench.simulator.inject_fault(Fault::once("/Calls.json", action.clone()).method("POST"));
        let outcome = bench.twilio.create_call(&bench.sub(), &call_order("one")).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{action:?}: {outcome:?}");
        let page = done(bench.twilio.list_calls(&bench.sub(), &between(), None).await);
        assert_eq!(page.items.len(), 1, "{action:?}");
    }
    for action in [FaultAction::TooManyRequests, FaultAction::ErrorBefore { status: 400, code: Some(21211) }] {
        let bench = bench_out_of_time().await;
        bench.simulator.inject_fault(Fault::once("/Calls.json", action.clone()).method("POST"));
        cause(bench.twilio.create_call(&bench.sub(), &call_order("one")).await);
        assert!(done(bench.twilio.list_calls(&bench.sub(), &between(), None).await).items.is_empty(), "{action:?}");
    }
}

#[tokio::test]
async fn a_message_reads_back_and_one_whose_answer_is_lost_is_in_the_list() {
    let bench = Bench::start().await;
    bench.simulator.inject_fault(Fault::once("/Messages.json", FaultAction::ResetAfter).method("POST"));
    let lost = bench.twilio.send_message(&bench.sub(), &message_order()).await;
    assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
    let filter = MessageFilter { to: Some(CALLER.into()), from: Some(NUMBER.into()), since: None };
    let page = done(bench.twilio.list_messages(&bench.sub(), &filter, None).await);
    assert_eq!(page.items.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["Standup in five minutes"]);
    bench.simulator.set_message_fate(CALLER, MessageFate::Undelivered(30005));
    let sent = done(bench.twilio.send_message(&bench.sub(), &message_order()).await);
    assert_eq!((sent.status, sent.segments), (Some(MessageStatus::Queued), Some(1)));
    bench.simulator.settle().await;
    let now = done(bench.twilio.read_message(&bench.sub(), &sent.sid).await);
    assert_eq!((now.status, now.error_code), (Some(MessageStatus::Undelivered), 30005));
}
