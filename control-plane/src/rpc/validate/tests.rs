//! Every rule with a value that fits and one that does not, and the rules of the real API.

use callplane_proto::descriptors;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use serde_json::{Value as Json, json};

use super::*;
use crate::rpc::testing;

const POLICY: &str =
    r#"option (callplane.options.v1.policy) = {scope: "a:read" audience: AUDIENCE_WORKSPACE audit: AUDIT_NONE};"#;

/// A pool whose one method takes `Request`.
fn pool(messages: &str) -> DescriptorPool {
    testing::pool(&format!(
        "service S {{ rpc Do(Request) returns (Reply) {{ {POLICY} }} }} message Reply {{}} {messages}"
    ))
}

fn validator(pool: &DescriptorPool) -> Result<Validator> {
    Validator::new(pool, &Policies::from_pool(pool).expect("policies"))
}

fn request(pool: &DescriptorPool, name: &str, json: &Json) -> DynamicMessage {
    let descriptor = pool.get_message_by_name(name).expect("known");
    DynamicMessage::deserialize(descriptor, json).expect("fits the message")
}

/// The violations of a request, as `path: description`.
fn complaints(messages: &str, json: Json) -> Vec<String> {
    let pool = pool(messages);
    let validator = validator(&pool).expect("known rules");
    shown(validator.check(&request(&pool, "test.Request", &json)))
}

fn shown(outcome: Result<()>) -> Vec<String> {
    let violations = outcome.err().map(|error| error.violations).unwrap_or_default();
    violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect()
}

/// One field with rules, a value that fits and one that does not with what is said then.
fn field(declaration: &str, rules: &str, good: Json, bad: Json, said: &str) {
    let message = format!(
        "message Request {{ {declaration} f = 1 [{}]; }} message Inner {{ string s = 1; }} enum E {{ Z = 0; A = 1; B = 2; }}",
        rules.split("; ").map(|rule| format!("(buf.validate.field).{rule}")).collect::<Vec<_>>().join(", "),
    );
    assert_eq!(complaints(&message, json!({"f": good})), Vec::<String>::new(), "{rules} takes {good}");
    let complaints = complaints(&message, json!({"f": bad}));
    assert!(
        complaints.iter().any(|c| c == &format!("f: {said}") || c == &format!("f{said}")),
        "{rules}: {complaints:?}"
    );
}

#[test]
fn every_rule_of_text_is_kept() {
    field("string", "string.min_len = 2", json!("äö"), json!("ä"), "expected at least 2 characters");
    field("string", "string.max_len = 2", json!("äö"), json!("äöü"), "expected at most 2 characters");
    field("string", "string.min_len = 1; string.max_len = 3", json!("a"), json!(""), "expected 1 to 3 characters");
    field(
        "string",
        "string.pattern = \"^[A-Z]{2}$\"",
        json!("DE"),
        json!("de"),
        "expected two capital letters, ISO 3166 alpha-2, such as `DE`",
    );
    field("string", "string.in = \"a\"; string.in = \"b\"", json!("b"), json!("c"), "expected `a` or `b`");
    field("string", "string.const = \"a\"", json!("a"), json!("b"), "expected `a`");
    field("string", "required = true", json!("a"), json!(""), "required");
    field(
        "string",
        "ignore = IGNORE_IF_ZERO_VALUE; string.min_len = 3",
        json!(""),
        json!("a"),
        "expected at least 3 characters",
    );
}

#[test]
fn every_rule_of_integers_is_kept() {
    for kind in ["int32", "int64", "uint32", "uint64"] {
        let rule = |rules: &str| rules.replace("int.", &format!("{kind}."));
        field(kind, &rule("int.gte = 1"), json!(1), json!(0), "expected at least 1");
        field(kind, &rule("int.gt = 1; int.lt = 4"), json!(3), json!(4), "expected 2 to 3");
        field(kind, &rule("int.lte = 5"), json!(5), json!(6), "expected at most 5");
        field(kind, &rule("int.in = 5; int.in = 6"), json!(5), json!(7), "expected `5` or `6`");
        field(kind, &rule("int.not_in = 5"), json!(6), json!(5), "expected anything but `5`");
    }
}

#[test]
fn every_rule_of_enums_is_kept() {
    field("E", "enum.defined_only = true", json!(0), json!(9), "expected `Z`, `A` or `B`");
    field("E", "enum.defined_only = true; enum.not_in = 0", json!(1), json!(0), "expected `A` or `B`");
    field("E", "enum.in = 1", json!(1), json!(2), "expected `A`");
}

#[test]
fn every_rule_of_collections_is_kept() {
    field("repeated string", "repeated.min_items = 1", json!(["a"]), json!([]), "expected at least 1 items");
    field("repeated string", "repeated.max_items = 1", json!(["a"]), json!(["a", "b"]), "expected at most 1 items");
    field("repeated string", "repeated.unique = true", json!(["a", "b"]), json!(["a", "a"]), "expected no item twice");
    field(
        "repeated string",
        "repeated.items.string.min_len = 1",
        json!(["a"]),
        json!(["a", ""]),
        "[1]: expected at least 1 characters",
    );
    field("repeated E", "repeated.items.enum.not_in = 0", json!([1]), json!([1, 0]), "[1]: expected `A` or `B`");
    field(
        "map<string, string>",
        "map.max_pairs = 1",
        json!({"a": "b"}),
        json!({"a": "b", "c": "d"}),
        "expected at most 1 entries",
    );
    field(
        "map<string, string>",
        "map.keys.string.max_len = 1",
        json!({"a": "b"}),
        json!({"ab": "b"}),
        "[\"ab\"]: expected at most 1 characters",
    );
    field(
        "map<string, int32>",
        "map.values.int32.gte = 1",
        json!({"a": 1}),
        json!({"a": 0}),
        "[\"a\"]: expected at least 1",
    );
}

#[test]
fn every_rule_of_durations_and_presence_is_kept() {
    field(
        "google.protobuf.Duration",
        "duration.gte = {seconds: 1}",
        json!("1s"),
        json!("0.5s"),
        "expected at least 1 s",
    );
    let both = "duration.gte = {seconds: 1, nanos: 500000000}; duration.lte = {seconds: 60}";
    field("google.protobuf.Duration", both, json!("60s"), json!("60.001s"), "expected 1.5 s to 60 s");
    field("Inner", "required = true", json!({}), json!(null), "required");
    field("optional string", "string.min_len = 1", json!(null), json!(""), "expected at least 1 characters");
    let ignored = "message Request { string f = 1 [(buf.validate.field).ignore = IGNORE_ALWAYS, (buf.validate.field).string.min_len = 1]; }";
    assert!(complaints(ignored, json!({})).is_empty());
    let oneof =
        "message Request { oneof kind { option (buf.validate.oneof).required = true; string a = 1; int32 b = 2; } }";
    assert_eq!(complaints(oneof, json!({})), ["kind: set one of `a` or `b`"]);
    assert!(complaints(oneof, json!({"b": 0})).is_empty());
}

#[test]
fn a_rule_that_is_not_known_stops_the_server_from_starting() {
    for (declaration, rules) in [
        ("string f = 1", "string.email = true"),
        ("string f = 1", "string.prefix = \"a\""),
        ("string f = 1", "cel = {id: \"a\", expression: \"true\"}"),
        ("string f = 1", "int32.gte = 1"),
        ("string f = 1", "string.pattern = \"(\""),
        ("bool f = 1", "bool.const = true"),
        ("double f = 1", "double.gte = 0"),
        ("bytes f = 1", "bytes.max_len = 4"),
        ("int32 f = 1", "int32.gte = 5, (buf.validate.field).int32.lte = 4"),
        ("repeated string f = 1", "repeated.items.string.uuid = true"),
        ("repeated Far f = 1", "repeated.unique = true"),
        ("map<string, string> f = 1", "map.min_pairs = 1"),
        ("google.protobuf.Timestamp f = 1", "timestamp.lt_now = true"),
        ("google.protobuf.StringValue f = 1", "string.min_len = 1"),
    ] {
        // Far from the request, to see that everything reachable is walked.
        let pool = pool(&format!(
            "message Request {{ map<string, Far> far = 1; }} message Far {{ repeated Far again = 2; {declaration} [(buf.validate.field).{rules}]; }}"
        ));
        let error = validator(&pool).expect_err(rules);
        assert_eq!(error.reason, "RULE_UNKNOWN");
        assert!(error.message.contains("test.Far.f"), "{error}");
    }
}

#[test]
fn every_bad_field_is_named_at_once_by_its_path() {
    let messages = r#"
        message Request { Plan plan = 1 [(buf.validate.field).required = true]; }
        message Plan { repeated Rule rules = 1; map<string, Rule> named = 2; }
        message Rule { repeated Target targets = 1; string name = 2 [(buf.validate.field).string.min_len = 1]; }
        message Target { int32 weight = 1 [(buf.validate.field).int32.lte = 10]; }
    "#;
    let plan = json!({"plan": {
        "rules": [{"name": "a", "targets": [{"weight": 1}, {"weight": 11}]}, {}],
        "named": {"x": {}},
    }});
    let mut complaints = complaints(messages, plan);
    complaints.sort();
    assert_eq!(
        complaints,
        [
            "plan.named[\"x\"].name: expected at least 1 characters",
            "plan.rules[0].targets[1].weight: expected at most 10",
            "plan.rules[1].name: expected at least 1 characters",
        ]
    );
}

#[test]
fn a_hostile_request_gets_a_bounded_answer() {
    let messages = "message Request { repeated Rule rules = 1; } message Rule { string name = 1 [(buf.validate.field).string.min_len = 1]; }";
    let rules: Vec<Json> = (0..5000).map(|_| json!({})).collect();
    assert!(complaints(messages, json!({"rules": rules})).len() <= 201);
}

#[test]
fn a_field_from_the_future_is_refused_wherever_it_is() {
    let pool = pool(
        "message Request { Inner inner = 1; } message Inner { string name = 1; } message Newer { Newest inner = 1; bool validate_only = 9; } message Newest { string name = 1; int32 more = 7; }",
    );
    let validator = validator(&pool).expect("known rules");
    let newer = request(&pool, "test.Newer", &json!({"validateOnly": true, "inner": {"name": "a", "more": 3}}));
    let descriptor = pool.get_message_by_name("test.Request").expect("known");
    let older = DynamicMessage::decode(descriptor, prost::Message::encode_to_vec(&newer).as_slice()).expect("decodes");
    let error = validator.check(&older).expect_err("unknown fields");
    assert_eq!((error.reason, error.violations.len()), ("UNKNOWN_FIELD", 2));
    assert!(error.message.contains("field 9 of `test.Request`") && error.message.contains("inner: field 7"), "{error}");
}

/// Updates of the real API.
fn update(json: Json) -> Vec<String> {
    let pool = descriptors::pool();
    let validator = validator(pool).expect("known rules");
    shown(validator.check(&request(pool, "callplane.v1.UpdateAccountRequest", &json)))
}

#[test]
fn an_update_is_checked_only_where_its_mask_points() {
    // `account_sid` is empty and would be refused on creation.
    assert!(update(json!({"account": {"displayName": "a"}, "updateMask": "displayName"})).is_empty());
    let bad = update(json!({"account": {"displayName": "", "backupOrder": -1}, "updateMask": "displayName"}));
    assert_eq!(bad, ["account.display_name: expected 1 to 100 characters"]);
}

#[test]
fn a_mask_names_only_what_is_there_and_may_be_changed() {
    let account = json!({"displayName": "a"});
    for (mask, said) in [
        ("nonsense", "update_mask.paths[0]: there is no field `nonsense` to change"),
        ("displayName.deeper", "update_mask.paths[0]: there is no field `display_name.deeper` to change"),
        ("createTime", "update_mask.paths[0]: `create_time` is set by the server"),
        ("accountSid", "update_mask.paths[0]: `account_sid` cannot be changed after creation"),
        ("displayName,etag", "update_mask.paths[1]: `etag` is set by the server"),
        ("", "update_mask: name at least one field to change"),
    ] {
        let complaints = update(json!({"account": account, "updateMask": mask}));
        assert!(complaints.iter().any(|c| c == said), "{mask}: {complaints:?}");
    }
    assert!(update(json!({"account": account})).contains(&"update_mask: required".to_owned()));
    let star = with_mask(&["*"]);
    assert!(shown(star).iter().any(|c| c.contains("`*` is not taken")));
    let odd = shown(with_mask(&["+15005550006 and a whole letter"]));
    assert!(
        odd.iter().any(|c| c.contains("expected the path of a field")) && !odd.concat().contains("0006"),
        "{odd:?}"
    );
}

fn with_mask(paths: &[&str]) -> Result<()> {
    let pool = descriptors::pool();
    let mut message =
        request(pool, "callplane.v1.UpdateAccountRequest", &json!({"account": {}, "updateMask": "displayName"}));
    let mask = message.get_field_by_name_mut("update_mask").and_then(Value::as_message_mut).expect("set");
    mask.set_field_by_name("paths", Value::List(paths.iter().map(|path| Value::String((*path).to_owned())).collect()));
    validator(pool).expect("known rules").check(&message)
}

#[test]
fn naming_one_endpoint_of_an_agent_asks_for_an_endpoint() {
    let pool = descriptors::pool();
    let validator = validator(pool).expect("known rules");
    let check = |json: Json| shown(validator.check(&request(pool, "callplane.v1.UpdateAgentRequest", &json)));
    let renamed = check(json!({"agent": {"displayName": "a"}, "updateMask": "displayName"}));
    assert!(renamed.is_empty(), "{renamed:?}");
    let unset = check(json!({"agent": {}, "updateMask": "human"}));
    assert!(unset.iter().any(|c| c.starts_with("agent.endpoint: set one of")), "{unset:?}");
    let bad = check(json!({"agent": {"human": {"phoneNumber": "+49 30 1234567"}}, "updateMask": "human"}));
    assert!(bad.iter().any(|c| c.starts_with("agent.human.phone_number: expected `+`")), "{bad:?}");
    assert!(!bad.concat().contains("1234567"), "{bad:?}");
}

#[test]
fn the_rules_of_the_api_are_all_known_and_all_have_words() {
    let pool = descriptors::pool();
    assert!(validator(pool).is_ok());
    let field = pool.get_extension_by_name("buf.validate.field").expect("in the pool");
    let messages = pool.all_messages().filter(|message| message.full_name().starts_with("callplane."));
    for declared in messages.flat_map(|message| message.fields().collect::<Vec<_>>()) {
        let mut patterns = Vec::new();
        patterns_in(&declared.options().get_extension(&field), &mut patterns);
        for pattern in patterns {
            assert!(!words::pattern(&pattern).contains("matches"), "{}: no words for {pattern}", declared.full_name());
        }
    }
}

fn patterns_in(value: &Value, found: &mut Vec<String>) {
    for (option, value) in value.as_message().into_iter().flat_map(DynamicMessage::fields) {
        match value.as_str() {
            Some(pattern) if option.name() == "pattern" => found.push(pattern.to_owned()),
            _ => patterns_in(value, found),
        }
    }
}

#[test]
fn a_bad_credential_is_named_and_never_repeated() {
    let pool = descriptors::pool();
    let json = json!({
        "accountId": "acc_canary",
        "credentials": {"authToken": "canary-token", "secondaryAuthToken": "canary-two", "apiKeySid": "SKcanary", "apiKeySecret": "canary"},
    });
    let error =
        validator(pool).expect("known").check(&request(pool, "callplane.v1.SetAccountCredentialsRequest", &json));
    let complaints = shown(error);
    assert_eq!(complaints.len(), 5, "{complaints:?}");
    assert!(!complaints.concat().contains("canary"), "{complaints:?}");
}

const CANARY: &str = "canary 4711-0815 +15005550006";

/// Every string in the message and, three levels down, in its messages set to something that no rule wants.
fn filled(message: &mut DynamicMessage, depth: usize) {
    for field in message.descriptor().fields() {
        let value = match field.kind() {
            Kind::String => Value::String(CANARY.to_owned()),
            Kind::Message(inner) if depth > 0 && !field.is_map() => {
                let mut inner = DynamicMessage::new(inner);
                filled(&mut inner, depth - 1);
                Value::Message(inner)
            }
            _ => continue,
        };
        if !field.is_map() {
            message.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
        }
    }
}

#[test]
fn no_answer_to_any_request_repeats_a_value() {
    let pool = descriptors::pool();
    let validator = validator(pool).expect("known rules");
    let mut refused = 0;
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let mut request = DynamicMessage::new(method.input());
        filled(&mut request, 3);
        let complaints = shown(validator.check(&request));
        let text = complaints.concat();
        assert!(!text.contains("canary") && !text.contains("0006"), "{}: {text}", method.full_name());
        refused += usize::from(!complaints.is_empty());
    }
    assert!(refused > 30, "only {refused} requests were refused");
}
