//! The example of old paths: it loads, and a signed webhook comes through each of them.

mod support;

use std::{collections::BTreeMap, path::PathBuf};

use callplane_edge::{
    Settings,
    route::{Expects, Route},
};
use support::{
    control_plane::FakeControlPlane,
    edge::{PUBLIC_URL, TestEdge},
    twilio::{CALL, NUMBER, TOKEN, form, sign_get, usual_state},
};

fn settings(control_plane: &FakeControlPlane) -> Settings {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/aliases.toml");
    let variables = [
        ("CALLPLANE_PUBLIC_URL", PUBLIC_URL),
        ("CALLPLANE_EDGE_TOKEN", "t"),
        ("CALLPLANE_EDGE_LISTEN", "127.0.0.1:0"),
        ("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0"),
        ("CALLPLANE_CONTROL_PLANES", &control_plane.url()),
    ];
    let variables: BTreeMap<String, String> = variables.map(|(name, value)| (name.into(), value.into())).into();
    Settings::read(&variables, Some(&example)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn form_for(route: Route) -> String {
    match route {
        Route::Recording => form(&[("CallSid", CALL), ("RecordingSid", "RE1"), ("RecordingStatus", "completed")]),
        Route::Message => form(&[("MessageSid", "SM1"), ("From", "+18185550100"), ("To", NUMBER), ("Body", "")]),
        _ => form(&[("CallSid", CALL), ("From", "+18185550100"), ("To", NUMBER), ("CallStatus", "ringing")]),
    }
}

#[tokio::test]
async fn a_signed_webhook_comes_through_every_old_path() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let settings = settings(&control_plane);
    let aliases = settings.aliases.clone();
    assert_eq!(aliases.len(), 13);
    let edge = TestEdge::with(settings).await;
    edge.running.loaded().await;
    for (index, alias) in aliases.iter().enumerate() {
        let answer = edge.post(&alias.path, &form_for(alias.route)).await;
        let expected = if alias.route.expects() == Expects::Nothing { 204 } else { 200 };
        assert_eq!(answer.status, expected, "{}", alias.path);
        assert_eq!(control_plane.webhooks()[index].route, alias.route.name(), "{}", alias.path);
    }
}

#[tokio::test]
async fn an_old_query_stays_part_of_the_signed_url() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::with(settings(&control_plane)).await;
    edge.running.loaded().await;
    let form = form_for(Route::Voice);
    assert_eq!(edge.post("/api/twilio/voice?agentId=agent%2F7", &form).await.status, 200);
    let without_query = support::twilio::sign(TOKEN, &format!("{PUBLIC_URL}/api/twilio/voice"), &form);
    assert_eq!(edge.post_signed("/api/twilio/voice?agentId=agent%2F7", &form, &without_query).await.status, 403);
}

#[tokio::test]
async fn an_alias_accepts_get_only_where_it_says_so() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::with(settings(&control_plane)).await;
    edge.running.loaded().await;
    let target = |path: &str| format!("{path}?{}", form_for(Route::Voice));
    assert_eq!(edge.get(&target("/api/twilio/voice")).await.status, 200);
    let answer = edge.get(&target("/call/status")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(sign_get(TOKEN, "x").len(), 28);
}
