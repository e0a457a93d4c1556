use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::{
    agent::{AgentState, Announcement, VoicemailBox},
    party::Party,
    sample::{agent, agent_id, at, call_sid},
};

/// Agents 1 to 5 take calls; 11 to 15 are paused.
struct House(BTreeMap<AgentId, Agent>);

impl House {
    fn new() -> Self {
        let active = (1..=5).map(agent);
        let paused = (11..=15).map(|number| Agent { state: AgentState::Paused, ..agent(number) });
        Self(active.chain(paused).map(|agent| (agent.id, agent)).collect())
    }

    fn falling_back(mut self, from: u128, to: u128) -> Self {
        self.0.get_mut(&agent_id(from)).expect("in the house").fallback_agent_id = Some(agent_id(to));
        self
    }

    fn explain<'a>(&'a self, subject: Subject<'a>, from: &str, country: Option<&str>) -> Explanation<'a> {
        let party = Party::from(from);
        let caller = Caller { party: &party, country: country.map(|country| country.parse().expect("a country")) };
        let roster = |id| self.0.get(&id);
        let seed = call_sid(1);
        let now = at("2026-08-04T09:00:00Z");
        let explained = explain(subject, &caller, now, seed.as_str(), &roster);
        let decided = decide(subject, &caller, now, seed.as_str(), &roster);
        assert_eq!((&decided.0, &decided.1), (&explained.decision, &explained.answering));
        let plan = match subject {
            Subject::Plan(plan, _) => Some(plan),
            Subject::Agent(_) | Subject::Unassigned | Subject::Unknown => None,
        };
        assert_eq!(recall(&decided.0, plan, &roster), decided.1, "asked again, the same answers");
        explained
    }

    fn by_plan<'a>(&'a self, plan: &'a RoutePlan, from: &str) -> Explanation<'a> {
        self.explain(Subject::Plan(plan, Zone::UTC), from, None)
    }
}

fn plan(rules: serde_json::Value) -> RoutePlan {
    let rules: Vec<Rule> = serde_json::from_value(rules).expect("rules");
    let sample = json!({
        "id": "rtp_00000000000000000000000000", "workspace_id": "wsp_00000000000000000000000000", "display_name": "Main",
        "rules": [], "fallback": null, "time_zone": null, "revision": 3, "version": 4,
        "create_time": "2026-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z",
    });
    RoutePlan { rules, ..serde_json::from_value(sample).expect("a plan") }
}

fn rule(name: &str, agents: &[u128], conditions: serde_json::Value) -> serde_json::Value {
    let targets: Vec<_> = agents.iter().map(|number| json!({ "agent_id": agent_id(*number) })).collect();
    let mut rule = json!({ "display_name": name, "targets": targets });
    let more = conditions.as_object().expect("an object").clone();
    rule.as_object_mut().expect("an object").extend(more);
    rule
}

fn told(explained: &Explanation<'_>) -> (&'static str, String, Option<AgentId>) {
    let Decision { reason, rule, agent_id, .. } = &explained.decision;
    (reason.as_str(), rule.clone(), *agent_id)
}

#[test]
fn an_assigned_agent_answers_and_a_paused_one_is_stood_in_for() {
    let house = House::new().falling_back(11, 12).falling_back(12, 1).falling_back(13, 14).falling_back(14, 13);
    let direct = |number| house.explain(Subject::Agent(agent_id(number)), "+493012345678", None);
    assert_eq!(told(&direct(1)), ("assigned", String::new(), Some(agent_id(1))));
    assert_eq!(told(&direct(11)), ("agent-paused", String::new(), Some(agent_id(1))));
    let circle = direct(13);
    assert_eq!(told(&circle), ("agent-paused", String::new(), None));
    assert_eq!(circle.answering, Answering::Voicemail(None));
    assert_eq!(told(&direct(99)), ("agent-missing", String::new(), None));
    assert_eq!(direct(1).shares[0].share, 1.0);
}

#[test]
fn a_number_without_an_agent_gets_voicemail_and_an_unknown_one_is_not_in_service() {
    let house = House::new();
    let unassigned = house.explain(Subject::Unassigned, "anonymous", None);
    assert_eq!((told(&unassigned).0, &unassigned.answering), ("unassigned", &Answering::Voicemail(None)));
    let unknown = house.explain(Subject::Unknown, "anonymous", None);
    assert_eq!((told(&unknown).0, &unknown.answering), ("unknown-number", &Answering::NotInService));
}

#[test]
fn the_first_rule_wins_until_a_later_one_matches_a_longer_prefix() {
    let house = House::new();
    let plan = plan(json!([
        rule("all", &[1], json!({})),
        rule("germany", &[2], json!({ "caller_prefixes": ["+49", "+43"] })),
        rule("berlin", &[3], json!({ "caller_prefixes": ["+4930"] })),
        rule("berlin too", &[4], json!({ "caller_prefixes": ["+4930"] })),
        rule("off", &[5], json!({ "caller_prefixes": ["+49301"], "disabled": true })),
    ]));
    assert!(told(&house.by_plan(&plan, "+15005550006")) == ("rule-matched", "all".to_owned(), Some(agent_id(1))));
    assert_eq!(told(&house.by_plan(&plan, "+498912345678")).1, "germany");
    let berlin = house.by_plan(&plan, "+493012345678");
    assert_eq!(told(&berlin), ("rule-matched", "berlin".to_owned(), Some(agent_id(3))));
    assert_eq!((berlin.decision.route_plan_id, berlin.decision.revision), (Some(plan.id), 3));
    let trace: Vec<_> = berlin.trace.iter().map(|trace| (trace.matched, trace.reason.as_str())).collect();
    let expected = [
        (true, "all its conditions hold"),
        (true, "all its conditions hold, with a prefix of 2 digits"),
        (true, "all its conditions hold, with a prefix of 4 digits"),
        (true, "all its conditions hold, with a prefix of 4 digits"),
        (false, "it is disabled"),
    ];
    assert_eq!(trace, expected);
    assert_eq!(told(&house.by_plan(&plan, "anonymous")).1, "all");
    assert_eq!(told(&house.by_plan(&plan, "sip:+493012345678@example.com")).1, "berlin");
}

#[test]
fn a_country_is_twilios_word_or_else_the_prefix() {
    let house = House::new();
    let plan = plan(json!([rule("austria", &[1], json!({ "caller_countries": ["AT", "CH"] }))]));
    let country = |from, country| {
        let explained = house.explain(Subject::Plan(&plan, Zone::UTC), from, country);
        (told(&explained).0, explained.trace[0].reason.clone())
    };
    assert_eq!(country("+43112345678", None).0, "rule-matched");
    assert_eq!(country("anonymous", Some("CH")).0, "rule-matched");
    assert_eq!(country("+43112345678", Some("DE")), ("no-rule-matched", "the caller is from DE".to_owned()));
    assert_eq!(country("anonymous", None), ("no-rule-matched", "the caller's country is not known".to_owned()));
}

#[test]
fn a_rule_holds_only_inside_its_windows_in_the_plans_zone() {
    let house = House::new();
    let window = json!({ "windows": [{ "start": "10:00", "end": "12:00" }] });
    let mut plan = plan(json!([rule("morning", &[1], window)]));
    assert_eq!(told(&house.by_plan(&plan, "anonymous")).0, "no-rule-matched");
    let workspace = Subject::Plan(&plan, "Europe/Berlin".parse().expect("known"));
    assert_eq!(told(&house.explain(workspace, "anonymous", None)).0, "rule-matched");
    plan.time_zone = Some("Europe/Berlin".parse().expect("known"));
    assert_eq!(told(&house.by_plan(&plan, "anonymous")).0, "rule-matched");
}

#[test]
fn a_paused_agent_gets_nothing_while_others_of_the_rule_take_calls() {
    let house = House::new().falling_back(11, 5);
    let plan = plan(json!([rule("all", &[11, 1, 12], json!({}))]));
    let explained = house.by_plan(&plan, "anonymous");
    assert_eq!(told(&explained), ("rule-matched", "all".to_owned(), Some(agent_id(1))));
    let shares: Vec<_> = explained.shares.iter().map(|share| share.share).collect();
    assert_eq!(shares, [0.0, 1.0, 0.0]);
}

#[test]
fn when_all_agents_of_a_rule_are_paused_a_stand_in_answers_and_then_the_plans_fallback() {
    let house = House::new().falling_back(12, 5);
    let plan = plan(json!([rule("all", &[11, 12], json!({})), rule("next", &[1], json!({}))]));
    assert_eq!(told(&house.by_plan(&plan, "anonymous")), ("agent-paused", "all".to_owned(), Some(agent_id(5))));
    let house = House::new();
    let nobody = house.by_plan(&plan, "anonymous");
    assert_eq!(told(&nobody), ("nobody-available", "all".to_owned(), None));
    assert_eq!(nobody.answering, Answering::Voicemail(None));
    let on_duty = RoutePlan { fallback: Some(Fallback::Agent { agent_id: agent_id(2) }), ..plan };
    assert_eq!(told(&house.by_plan(&on_duty, "anonymous")), ("nobody-available", "all".to_owned(), Some(agent_id(2))));
}

#[test]
fn without_a_matching_rule_the_plans_fallback_answers() {
    let house = House::new().falling_back(11, 3);
    let with = |fallback| RoutePlan { fallback: Some(fallback), ..plan(json!([])) };
    let fallback = |plan: &RoutePlan| {
        let explained = house.by_plan(plan, "anonymous");
        assert_eq!(told(&explained).0, "no-rule-matched");
        (explained.answering.agent_id(), format!("{:?}", explained.answering))
    };
    assert_eq!(fallback(&with(Fallback::Agent { agent_id: agent_id(11) })).0, Some(agent_id(3)));
    assert_eq!(fallback(&with(Fallback::Agent { agent_id: agent_id(12) })).1, "Voicemail(None)");
    let own = VoicemailBox { greeting: "Leave word.".to_owned(), ..VoicemailBox::default() };
    assert!(fallback(&with(Fallback::Voicemail(own))).1.contains("Leave word."));
    let closed = Announcement { text: "Closed.".to_owned(), ..Announcement::default() };
    assert!(fallback(&with(Fallback::Announcement(closed))).1.contains("Closed."));
}

#[test]
fn the_same_call_gets_the_same_answer_and_others_get_their_share() {
    let house = House::new();
    let plan = plan(json!([rule("all", &[1, 2], json!({}))]));
    let party = Party::from("anonymous");
    let caller = Caller { party: &party, country: None };
    let roster = |id| house.0.get(&id);
    let pick = |number| {
        let seed = call_sid(number);
        decide(Subject::Plan(&plan, Zone::UTC), &caller, at("2026-08-04T09:00:00Z"), seed.as_str(), &roster).0.agent_id
    };
    assert!((0..50).all(|number| pick(number) == pick(number)));
    assert!((0..50).any(|number| pick(number) != pick(0)));
}

#[test]
fn no_words_of_a_decision_show_the_callers_number() {
    let house = House::new();
    let plan = plan(json!([rule("vip", &[1], json!({ "caller_prefixes": ["+493012345678"] }))]));
    let shown = format!("{:?}", house.by_plan(&plan, "+493012345678"));
    assert!(!shown.contains("12345678"), "{shown}");
}

#[test]
fn a_stored_decision_still_loads() {
    let sample = r#"{"agent_id":"agt_00000000000000000000000001","route_plan_id":null,"revision":3,"rule":"day","reason":"rule-matched","detail":"rule day matched"}"#;
    let decision: Decision = serde_json::from_str(sample).expect("loads");
    assert_eq!(serde_json::to_string(&decision).expect("plain"), sample);
}

#[test]
fn a_call_asked_about_again_keeps_its_agent_though_the_plan_has_changed() {
    let house = House::new();
    let before = plan(json!([rule("all", &[1], json!({}))]));
    let decision = house.by_plan(&before, "anonymous").decision;
    let after = plan(json!([rule("all", &[2], json!({}))]));
    assert_eq!(recall(&decision, Some(&after), &|id| house.0.get(&id)).agent_id(), Some(agent_id(1)));
    assert_eq!(recall(&decision, Some(&after), &|_| None), Answering::Voicemail(None));
}
