//! Twilio's and ElevenLabs' REST APIs as a client sees them.

use callplane_simulator::{
    Act, Answer, Callee, Fault, FaultAction, Happened, LedgerFilter, NewAccount, NewAgent, NewElevenLabsKey, NewKey,
    NewNumber, Pace, RecordedCall, SeededAccount, Simulator, SimulatorHandle, SimulatorOptions,
};
use serde_json::{Value, json};

use crate::host::Host;

pub const OURS: &str = "+15550100001";
pub const FRIEND: &str = "+15550100050";

pub struct Scene {
    pub simulator: SimulatorHandle,
    pub main: SeededAccount,
    sub: SeededAccount,
}

pub async fn scene(pace: Pace) -> Scene {
    let start = "2026-08-04T09:00:00Z".parse().expect("a valid time");
    let options = SimulatorOptions { start: Some(start), pace, ..SimulatorOptions::default() };
    let simulator = Simulator::start(options).await.expect("a free port");
    let main = simulator.add_account(NewAccount::default()).expect("a main account");
    let sub = NewAccount { parent_sid: Some(main.sid.clone()), ..NewAccount::default() };
    let sub = simulator.add_account(sub).expect("a subaccount");
    simulator.add_number(NewNumber::new(OURS, &main.sid)).expect("a number");
    Scene { simulator, main, sub }
}

impl Scene {
    /// A request to an account's resources with these credentials.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        (user, password): (&str, &str),
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/2010-04-01/Accounts{path}", self.simulator.base_url());
        let method = method.parse().expect("a method");
        let mut request = reqwest::Client::new().request(method, url).basic_auth(user, Some(password));
        if !form.is_empty() {
            request = request.form(form);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn main(&self, method: &str, resource: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let path = format!("/{}{resource}", self.main.sid);
        self.ask(method, &path, (&self.main.sid, &self.main.auth_token), form).await
    }
}

#[tokio::test]
async fn a_parents_token_reaches_its_subaccounts_and_nothing_else_does() {
    let scene = scene(Pace::Immediate).await;
    let (main, sub) = (&scene.main, &scene.sub);
    let key = scene
        .simulator
        .add_key(NewKey { account_sid: main.sid.clone(), main: true, ..NewKey::default() })
        .expect("a key");
    let (of_main, of_sub) = (format!("/{}.json", main.sid), format!("/{}.json", sub.sid));
    let by_token = (main.sid.as_str(), main.auth_token.as_str());
    let by_key = (key.sid.as_str(), key.secret.as_str());
    let by_sub = (sub.sid.as_str(), sub.auth_token.as_str());
    let (status, account) = scene.ask("GET", &of_sub, by_token, &[]).await;
    assert_eq!((status, &account["owner_account_sid"]), (200, &json!(main.sid)));
    let (status, account) = scene.ask("GET", &of_main, by_key, &[]).await;
    assert_eq!((status, &account["auth_token"]), (200, &json!("")));
    for (path, credentials) in [(&of_sub, by_key), (&of_main, by_sub), (&of_main, (main.sid.as_str(), "wrong"))] {
        let (status, error) = scene.ask("GET", path, credentials, &[]).await;
        assert_eq!((status, &error["code"]), (401, &json!(20003)));
    }
}

#[tokio::test]
async fn a_suspended_account_refuses_its_own_credentials_and_shows_its_state_to_the_parent() {
    let scene = scene(Pace::Immediate).await;
    let path = format!("/{}.json", scene.sub.sid);
    let parent = (scene.main.sid.as_str(), scene.main.auth_token.as_str());
    let own = (scene.sub.sid.as_str(), scene.sub.auth_token.as_str());
    let (status, account) = scene.ask("POST", &path, parent, &[("Status", "suspended")]).await;
    assert_eq!((status, &account["status"]), (200, &json!("suspended")));
    assert_eq!(scene.ask("GET", &path, own, &[]).await.0, 401);
    assert_eq!(scene.ask("GET", &path, parent, &[]).await.1["status"], "suspended");
    let calls = format!("/{}/Calls.json", scene.sub.sid);
    let form = [("To", FRIEND), ("From", OURS), ("Twiml", "<Response/>")];
    assert_eq!(scene.ask("POST", &calls, parent, &form).await.0, 403);
}

#[tokio::test]
async fn a_parameter_twilio_does_not_have_is_refused_by_name() {
    let scene = scene(Pace::Immediate).await;
    let (status, error) =
        scene.main("POST", "/Calls.json", &[("To", FRIEND), ("StatusCallbackEvents", "ringing")]).await;
    assert_eq!(status, 400);
    assert!(error["message"].as_str().expect("a message").contains("StatusCallbackEvents"));
}

#[tokio::test]
async fn lists_are_followed_by_their_next_page() {
    let scene = scene(Pace::Immediate).await;
    for n in 2..=7 {
        scene.simulator.add_number(NewNumber::new(&format!("+1555010000{n}"), &scene.main.sid)).expect("a number");
    }
    let (_, first) = scene.main("GET", "/IncomingPhoneNumbers.json?PageSize=5", &[]).await;
    assert_eq!(first["incoming_phone_numbers"].as_array().map(Vec::len), Some(5));
    let next = first["next_page_uri"].as_str().expect("a next page").trim_start_matches("/2010-04-01/Accounts");
    let (_, second) = scene.ask("GET", next, (&scene.main.sid, &scene.main.auth_token), &[]).await;
    assert_eq!(second["incoming_phone_numbers"].as_array().map(Vec::len), Some(2));
    assert_eq!(second["next_page_uri"], Value::Null);
    let (status, error) = scene.main("GET", "/Calls.json?PageToken=made-up", &[]).await;
    assert_eq!((status, &error["code"]), (400, &json!(21481)));
}

#[tokio::test]
async fn a_number_is_configured_found_and_moved_to_a_subaccount() {
    let scene = scene(Pace::Immediate).await;
    let (_, list) = scene.main("GET", "/IncomingPhoneNumbers.json?PhoneNumber=%2B15550100001", &[]).await;
    let sid = list["incoming_phone_numbers"][0]["sid"].as_str().expect("a SID").to_owned();
    let path = format!("/IncomingPhoneNumbers/{sid}.json");
    let (status, error) = scene.main("POST", &path, &[("VoiceFallbackUrl", "https://h.example/f")]).await;
    assert_eq!((status, &error["code"]), (400, &json!(21405)));
    let (_, number) = scene
        .main("POST", &path, &[("VoiceUrl", "https://h.example/v#rc=2"), ("StatusCallback", "https://h.example/s")])
        .await;
    assert_eq!((&number["voice_url"], &number["voice_method"]), (&json!("https://h.example/v#rc=2"), &json!("POST")));
    let (status, number) = scene.main("POST", &path, &[("AccountSid", &scene.sub.sid)]).await;
    assert_eq!((status, &number["account_sid"], &number["voice_url"]), (200, &json!(scene.sub.sid), &json!("")));
    let stranger = scene.simulator.add_account(NewAccount::default()).expect("another main account");
    let moved = format!("/{}{path}", scene.sub.sid);
    let parent = (scene.main.sid.as_str(), scene.main.auth_token.as_str());
    let (_, error) = scene.ask("POST", &moved, parent, &[("AccountSid", &stranger.sid)]).await;
    assert_eq!(error["code"], 21473);
}

#[tokio::test]
async fn a_token_is_rotated_in_two_steps_and_the_old_one_stops_working() {
    let scene = scene(Pace::Immediate).await;
    let post = |act: &str, token: String| {
        let url = format!("{}/v1/AuthTokens/{act}", scene.simulator.base_url());
        reqwest::Client::new().post(url).basic_auth(&scene.main.sid, Some(token)).send()
    };
    let made = post("Secondary", scene.main.auth_token.clone()).await.expect("an answer");
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.expect("JSON");
    let secondary = made["secondary_auth_token"].as_str().expect("a token").to_owned();
    let path = format!("/{}.json", scene.main.sid);
    assert_eq!(scene.ask("GET", &path, (&scene.main.sid, &secondary), &[]).await.0, 200);
    assert_eq!(post("Promote", secondary.clone()).await.expect("an answer").status(), 200);
    assert_eq!(scene.ask("GET", &path, (&scene.main.sid, &scene.main.auth_token), &[]).await.0, 401);
    assert_eq!(scene.ask("GET", &path, (&scene.main.sid, &secondary), &[]).await.0, 200);
}

#[tokio::test]
async fn an_outbound_call_reports_what_was_subscribed_and_runs_its_twiml() {
    let scene = scene(Pace::Immediate).await;
    let host = Host::start().await;
    host.says("/answered", r#"<Gather numDigits="1" action="/pressed"><Say>Press one</Say></Gather>"#);
    host.says("/pressed", "<Say>Thank you</Say>");
    scene.simulator.set_callee(FRIEND, Callee::presses("1"));
    let (url, callback) = (host.url("/answered"), host.url("/status"));
    let form = [
        ("To", FRIEND),
        ("From", OURS),
        ("Url", &url),
        ("StatusCallback", &callback),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ];
    let (status, call) = scene.main("POST", "/Calls.json", &form).await;
    assert_eq!((status, &call["status"]), (201, &json!("queued")));
    scene.simulator.settle().await;
    let reports = host.at("/status");
    let told: Vec<_> =
        reports.iter().filter_map(|r| Some((r.value("CallStatus")?, r.value("SequenceNumber")?))).collect();
    assert_eq!(told, [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]);
    assert_eq!(reports[3].value("SipResponseCode"), Some("200"));
    let answered = &host.at("/answered")[0];
    assert_eq!((answered.method.as_str(), answered.value("Direction")), ("POST", Some("outbound-api")));
    let counts = scene.simulator.ledger_counts();
    assert_eq!((counts["rung"], counts["pressed"], counts["rest POST Calls"]), (1, 1, 1));
    let (_, row) = scene.main("GET", &format!("/Calls/{}.json", call["sid"].as_str().expect("a SID")), &[]).await;
    assert_eq!(row["status"], "completed");
}

#[tokio::test]
async fn calls_queue_at_one_a_second_and_a_canceled_one_in_the_queue_stays_silent() {
    let scene = scene(Pace::Stepped).await;
    let host = Host::start().await;
    let callback = host.url("/status");
    let form = [
        ("To", FRIEND),
        ("From", OURS),
        ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
        ("StatusCallback", &callback),
    ];
    let (_, first) = scene.main("POST", "/Calls.json", &form).await;
    let (_, second) = scene.main("POST", "/Calls.json", &form).await;
    assert_eq!((&first["queue_time"], &second["queue_time"]), (&json!("0"), &json!("1000")));
    scene.simulator.settle().await;
    let second = format!("/Calls/{}.json", second["sid"].as_str().expect("a SID"));
    assert_eq!(scene.main("POST", &second, &[("Status", "canceled")]).await.0, 200);
    scene.simulator.settle().await;
    assert_eq!(scene.main("GET", &second, &[]).await.1["status"], "canceled");
    let first = format!("/Calls/{}.json", first["sid"].as_str().expect("a SID"));
    for (seconds, status) in [(1, "ringing"), (5, "in-progress"), (20, "in-progress"), (30, "completed")] {
        scene.simulator.advance(std::time::Duration::from_secs(seconds));
        scene.simulator.settle().await;
        assert_eq!(scene.main("GET", &first, &[]).await.1["status"], status);
    }
    assert_eq!(host.at("/status").len(), 1, "only the call that was made reports its end");
    let (status, error) = scene.main("POST", &first, &[("Status", "completed")]).await;
    assert_eq!((status, &error["code"]), (400, &json!(21220)));
}

#[tokio::test]
async fn a_call_in_progress_is_ended_by_rest() {
    let scene = scene(Pace::Stepped).await;
    let form = [("To", FRIEND), ("From", OURS), ("Twiml", "<Response><Pause length=\"60\"/></Response>")];
    let (_, call) = scene.main("POST", "/Calls.json", &form).await;
    let path = format!("/Calls/{}.json", call["sid"].as_str().expect("a SID"));
    scene.simulator.settle().await;
    for seconds in [1, 5, 10] {
        scene.simulator.advance(std::time::Duration::from_secs(seconds));
        scene.simulator.settle().await;
    }
    assert_eq!(scene.main("POST", &path, &[("Status", "completed")]).await.0, 200);
    scene.simulator.settle().await;
    let (_, row) = scene.main("GET", &path, &[]).await;
    assert_eq!((&row["status"], &row["duration"]), (&json!("completed"), &json!("10")));
}

#[tokio::test]
async fn a_recording_started_by_rest_ends_with_the_call_and_is_reported() {
    let scene = scene(Pace::Stepped).await;
    let host = Host::start().await;
    let form = [("To", FRIEND), ("From", OURS), ("Twiml", "<Response><Pause length=\"20\"/></Response>")];
    let (_, call) = scene.main("POST", "/Calls.json", &form).await;
    let path = format!("/Calls/{}/Recordings.json", call["sid"].as_str().expect("a SID"));
    let callback = host.url("/recording");
    assert_eq!(scene.main("POST", &path, &[("RecordingStatusCallback", &callback)]).await.0, 400, "not yet answered");
    scene.simulator.settle().await;
    for seconds in [1, 5, 5] {
        scene.simulator.advance(std::time::Duration::from_secs(seconds));
        scene.simulator.settle().await;
    }
    let (status, recording) = scene.main("POST", &path, &[("RecordingStatusCallback", &callback)]).await;
    assert_eq!((status, &recording["status"]), (201, &json!("in-progress")));
    scene.simulator.advance(std::time::Duration::from_secs(60));
    scene.simulator.settle().await;
    let report = &host.at("/recording")[0];
    assert_eq!(
        (report.value("RecordingSid"), report.value("RecordingDuration")),
        (recording["sid"].as_str(), Some("15"))
    );
}

#[tokio::test]
async fn after_an_error_after_the_work_the_call_was_made_and_is_found_by_its_numbers() {
    let scene = scene(Pace::Immediate).await;
    scene.simulator.set_callee(FRIEND, Callee::Answers(Answer { acts: vec![Act::HangUp], ..Answer::default() }));
    let form = [("To", FRIEND), ("From", OURS), ("Twiml", "<Response/>")];
    scene
        .simulator
        .inject_fault(Fault::once("/Calls.json", FaultAction::ErrorAfter { status: 500, code: None }).method("POST"));
    assert_eq!(scene.main("POST", "/Calls.json", &form).await.0, 500);
    scene.simulator.settle().await;
    let (_, list) = scene.main("GET", "/Calls.json?To=%2B15550100050&From=%2B15550100001", &[]).await;
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(1));
    scene
        .simulator
        .inject_fault(Fault::once("/Calls.json", FaultAction::ErrorBefore { status: 503, code: None }).method("POST"));
    assert_eq!(scene.main("POST", "/Calls.json", &form).await.0, 503);
    scene.simulator.settle().await;
    assert_eq!(scene.simulator.ledger_of(&LedgerFilter::kind("rung")).len(), 1);
    let counts = scene.simulator.ledger_counts();
    assert_eq!((counts["rest POST Calls"], counts["rest POST Calls (not done)"]), (1, 1));
}

#[tokio::test]
async fn a_reset_closes_the_connection_without_an_answer() {
    let scene = scene(Pace::Immediate).await;
    scene.simulator.inject_fault(Fault::once("/Balance", FaultAction::Reset));
    let url = format!("{}/2010-04-01/Accounts/{}/Balance.json", scene.simulator.base_url(), scene.main.sid);
    let request = || reqwest::Client::new().get(&url).basic_auth(&scene.main.sid, Some(&scene.main.auth_token)).send();
    assert!(request().await.is_err());
    assert_eq!(request().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_message_is_sent_and_its_progress_reported() {
    let scene = scene(Pace::Immediate).await;
    let host = Host::start().await;
    let callback = host.url("/message-status");
    let form = [("To", FRIEND), ("From", OURS), ("Body", "Hello"), ("StatusCallback", &callback)];
    let (status, message) = scene.main("POST", "/Messages.json", &form).await;
    assert_eq!((status, &message["status"]), (201, &json!("queued")));
    scene.simulator.settle().await;
    let reports = host.at("/message-status");
    let told: Vec<_> = reports.iter().filter_map(|report| report.value("MessageStatus")).collect();
    assert_eq!(told, ["sent", "delivered"]);
    assert_eq!(reports[0].header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn elevenlabs_imports_a_number_with_the_right_token_and_takes_its_voice_url() {
    let scene = scene(Pace::Immediate).await;
    let key = scene.simulator.add_elevenlabs_key(NewElevenLabsKey::default()).key;
    let agent = scene.simulator.add_agent(NewAgent::default()).agent_id;
    let base = format!("{}/v1/convai", scene.simulator.base_url());
    let import = |token: String| {
        let body = json!({ "provider": "twilio", "phone_number": OURS, "label": "Main", "sid": scene.main.sid, "token": token });
        reqwest::Client::new().post(format!("{base}/phone-numbers")).header("xi-api-key", &key).json(&body).send()
    };
    assert_eq!(import("wrong".into()).await.expect("an answer").status(), 400);
    let imported = import(scene.main.auth_token.clone()).await.expect("an answer");
    let imported: Value = imported.json().await.expect("JSON");
    let id = imported["phone_number_id"].as_str().expect("an id");
    let client = reqwest::Client::new();
    let patch = client
        .patch(format!("{base}/phone-numbers/{id}"))
        .header("xi-api-key", &key)
        .json(&json!({ "agent_id": agent }));
    let number: Value = patch.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(number["assigned_agent"]["agent_id"], json!(agent));
    assert!(scene.simulator.numbers()[0].settings["VoiceUrl"].contains("elevenlabs"));
}

#[tokio::test]
async fn register_call_answers_twiml_for_a_known_agent_and_an_error_for_others() {
    let scene = scene(Pace::Immediate).await;
    let key = scene.simulator.add_elevenlabs_key(NewElevenLabsKey::default()).key;
    let agent = scene.simulator.add_agent(NewAgent::default()).agent_id;
    let url = format!("{}/v1/convai/twilio/register-call", scene.simulator.base_url());
    let post = |key: &str, agent: &str| {
        let body = json!({ "agent_id": agent, "from_number": FRIEND, "to_number": OURS, "direction": "inbound" });
        reqwest::Client::new().post(&url).header("xi-api-key", key).json(&body).send()
    };
    let text = post(&key, &agent).await.expect("an answer").text().await.expect("a body");
    assert!(text.contains("<Stream url=\"wss://"));
    assert_eq!(post(&key, "agent_unknown").await.expect("an answer").status(), 404);
    assert_eq!(post("wrong", &agent).await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_recorded_call_is_found_and_a_look_at_one_number_is_noted_as_one() {
    let scene = scene(Pace::Immediate).await;
    let call = RecordedCall {
        sid: format!("CA{:032x}", 7),
        account_sid: scene.main.sid.clone(),
        from: FRIEND.to_owned(),
        to: OURS.to_owned(),
        status: "completed".to_owned(),
        created: "2026-08-04T09:00:00Z".parse().expect("a valid time"),
        started: Some("2026-08-04T09:00:02Z".parse().expect("a valid time")),
        ended: Some("2026-08-04T09:00:44Z".parse().expect("a valid time")),
    };
    scene.simulator.record_call(call.clone()).expect("the account is known");
    let (status, found) = scene.main("GET", &format!("/Calls/{}.json", call.sid), &[]).await;
    assert_eq!((status, &found["duration"], &found["direction"]), (200, &json!("42"), &json!("inbound")));
    let unknown = RecordedCall { account_sid: format!("AC{:032x}", 9), ..call };
    assert!(scene.simulator.record_call(unknown).is_err());
    scene.main("GET", &format!("/IncomingPhoneNumbers.json?PhoneNumber=%2B{}", &OURS[1..]), &[]).await;
    let number = &scene.simulator.numbers()[0].sid;
    let looked = |what: &Happened| matches!(what, Happened::Rest { sid, .. } if sid == number);
    assert_eq!(scene.simulator.ledger().iter().filter(|entry| looked(&entry.what)).count(), 1);
}
