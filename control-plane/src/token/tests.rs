//! Good tokens, and every forgery we could think of.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::*;
use crate::domain::{
    id::{TokenId, WorkspaceId},
    time::Timestamp,
};

const NOW: Timestamp = DateTime::from_timestamp_nanos(1_750_000_000_000_000_000);

fn claims() -> Claims {
    Claims {
        token_id: TokenId::from_uuid(Uuid::from_u128(1)),
        audience: Audience::Workspace,
        workspace: Some(WorkspaceId::from_uuid(Uuid::from_u128(2))),
        scopes: Scopes::parse(["calls:read", "*:write"]).expect("valid"),
        issued: NOW,
        expires: NOW + TimeDelta::hours(1),
    }
}

fn keys(pems: &[&SecretString]) -> TokenKeys {
    let text: String = pems.iter().map(|pem| pem.expose_secret()).collect();
    TokenKeys::from_setting(&text, false).expect("valid")
}

fn reason(keys: &TokenKeys, token: &str, now: Timestamp) -> &'static str {
    let error = keys.verify(token, now).expect_err("refused");
    assert!(!token.contains('.') || !error.message.contains(token), "the token is repeated: {error}");
    error.reason
}

/// The parts of a token of ours, to be put together wrongly.
fn parts(token: &SecretString) -> (Value, Value, String) {
    let parts: Vec<&str> = token.expose_secret().split('.').collect();
    let read =
        |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("json");
    (read(parts[0]), read(parts[1]), parts[2].to_owned())
}

fn join(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// A token whose claims are edited and then rightly signed.
fn resigned(pem: &SecretString, edit: impl FnOnce(&mut Value, &mut Header)) -> String {
    let (header, mut claims, _) = parts(&keys(&[pem]).sign(&self::claims()).expect("signs"));
    let mut full = Header::new(Algorithm::EdDSA);
    full.kid = header["kid"].as_str().map(str::to_owned);
    edit(&mut claims, &mut full);
    let key = EncodingKey::from_ed_pem(pem.expose_secret().as_bytes()).expect("valid");
    jsonwebtoken::encode(&full, &claims, &key).expect("signs")
}

#[test]
fn a_token_says_again_what_it_was_signed_with() {
    let keys = keys(&[&generate_pem()]);
    let token = keys.sign(&claims()).expect("signs");
    assert_eq!(keys.verify(token.expose_secret(), NOW).expect("valid"), claims());
    assert_eq!(keys.verify(token.expose_secret(), NOW).expect("valid again, from memory"), claims());
    let (header, wire, _) = parts(&token);
    assert_eq!(
        (header["alg"].as_str(), wire["iss"].as_str(), wire["aud"].as_str()),
        (Some("EdDSA"), Some("callplane"), Some("callplane"))
    );
    assert_eq!(wire["sub"], wire["jti"]);
}

#[test]
fn the_first_key_signs_and_all_verify() {
    let (old, new) = (generate_pem(), generate_pem());
    let token = keys(&[&old]).sign(&claims()).expect("signs");
    let both = keys(&[&new, &old]);
    assert!(both.verify(token.expose_secret(), NOW).is_ok());
    let fresh = both.sign(&claims()).expect("signs");
    assert!(keys(&[&new]).verify(fresh.expose_secret(), NOW).is_ok());
    assert_eq!(reason(&keys(&[&new]), token.expose_secret(), NOW), "TOKEN_INVALID");
}

#[test]
fn a_token_ends_when_it_says_even_if_it_was_seen_before() {
    let keys = keys(&[&generate_pem()]);
    let token = keys.sign(&claims()).expect("signs");
    let last = NOW + TimeDelta::minutes(59);
    assert!(keys.verify(token.expose_secret(), last).is_ok());
    assert_eq!(reason(&keys, token.expose_secret(), NOW + TimeDelta::hours(1)), "TOKEN_EXPIRED");
}

#[test]
fn a_token_from_the_future_is_refused_beyond_what_clocks_may_differ() {
    let keys = keys(&[&generate_pem()]);
    let token = keys.sign(&claims()).expect("signs");
    assert!(keys.verify(token.expose_secret(), NOW - TimeDelta::seconds(20)).is_ok());
    assert_eq!(reason(&keys, token.expose_secret(), NOW - TimeDelta::seconds(61)), "TOKEN_INVALID");
}

#[test]
fn an_unsigned_token_is_refused() {
    let keys = keys(&[&generate_pem()]);
    let token = keys.sign(&claims()).expect("signs");
    let (mut header, claims, signature) = parts(&token);
    for alg in ["none", "None", "NONE", ""] {
        header["alg"] = json!(alg);
        let unsigned = join(&header, &claims);
        for forged in [format!("{unsigned}."), unsigned.clone(), format!("{unsigned}.{signature}")] {
            assert_eq!(reason(&keys, &forged, NOW), "TOKEN_INVALID");
        }
    }
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let pem = generate_pem();
    let keys = keys(&[&pem]);
    let (mut header, claims, _) = parts(&keys.sign(&claims()).expect("signs"));
    header["alg"] = json!("HS256");
    let unsigned = join(&header, &claims);
    let signing = EncodingKey::from_ed_pem(pem.expose_secret().as_bytes()).expect("valid");
    let jwk = serde_json::to_value(Jwk::from_encoding_key(&signing, Algorithm::EdDSA).expect("valid")).expect("json");
    let text = jwk["x"].as_str().expect("the public key").to_owned();
    let raw = BASE64_URL_SAFE_NO_PAD.decode(&text).expect("base64");
    for secret in [text.into_bytes(), raw, jwk.to_string().into_bytes(), Vec::new()] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("any length");
        mac.update(unsigned.as_bytes());
        let forged = format!("{unsigned}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert_eq!(reason(&keys, &forged, NOW), "TOKEN_INVALID");
    }
}

#[test]
fn a_token_under_another_or_no_key_id_is_refused() {
    let (pem, other) = (generate_pem(), generate_pem());
    let both = keys(&[&pem, &other]);
    let (other_header, ..) = parts(&keys(&[&other]).sign(&claims()).expect("signs"));
    let theirs = resigned(&pem, |_, header| header.kid = other_header["kid"].as_str().map(str::to_owned));
    let unknown = resigned(&pem, |_, header| header.kid = Some("0000000000000000".into()));
    let none = resigned(&pem, |_, header| header.kid = None);
    for forged in [theirs, unknown, none] {
        assert_eq!(reason(&both, &forged, NOW), "TOKEN_INVALID");
    }
}

#[test]
fn claims_that_are_not_ours_are_refused_however_well_signed() {
    type Edit = (&'static str, fn(&mut Value));
    let pem = generate_pem();
    let keys = keys(&[&pem]);
    let edits: &[Edit] = &[
        ("another issuer", |c| c["iss"] = json!("https://elsewhere")),
        ("another audience", |c| c["aud"] = json!("elsewhere")),
        ("several audiences", |c| c["aud"] = json!(["callplane", "elsewhere"])),
        ("another subject", |c| c["sub"] = json!(TokenId::from_uuid(Uuid::from_u128(9)).to_string())),
        ("an operator bound to a workspace", |c| c["kind"] = json!("operator")),
        ("an unknown kind", |c| c["kind"] = json!("root")),
        ("a workspace token without one", |c| drop(c.as_object_mut().expect("object").remove("wsp"))),
        ("the id of another noun", |c| c["wsp"] = c["jti"].clone()),
        ("a scope that is none", |c| c["scopes"] = json!(["**"])),
        ("scopes as a string", |c| c["scopes"] = json!("*")),
        ("no end", |c| drop(c.as_object_mut().expect("object").remove("exp"))),
        ("an end as a string", |c| c["exp"] = json!("9999999999")),
        ("an end beyond the calendar", |c| c["exp"] = json!(i64::MAX)),
        ("no beginning", |c| drop(c.as_object_mut().expect("object").remove("nbf"))),
        ("a beginning before it was made", |c| c["nbf"] = json!(0)),
    ];
    for (what, edit) in edits {
        let forged = resigned(&pem, |claims, _| edit(claims));
        let error = keys.verify(&forged, NOW).expect_err(what);
        assert_eq!(error.reason, "TOKEN_INVALID", "{what}");
    }
    let expired = resigned(&pem, |c, _| c["exp"] = json!(NOW.timestamp() - 1));
    assert_eq!(reason(&keys, &expired, NOW), "TOKEN_EXPIRED");
    let early = resigned(&pem, |c, _| c["nbf"] = json!(NOW.timestamp() + 61));
    assert_eq!(reason(&keys, &early, NOW), "TOKEN_INVALID");
    let critical = resigned(&pem, |_, header| header.crit = Some(vec!["b64".into()]));
    assert_eq!(reason(&keys, &critical, NOW), "TOKEN_INVALID");
    assert!(keys.verify(&resigned(&pem, |c, _| c["note"] = json!("unknown claims are fine")), NOW).is_ok());
}

#[test]
fn a_claim_given_twice_is_refused() {
    let pem = generate_pem();
    let keys = keys(&[&pem]);
    let (header, claims, _) = parts(&keys.sign(&claims()).expect("signs"));
    let twice = claims.to_string().replacen('{', r#"{"kind":"operator","#, 1);
    let unsigned = [header.to_string(), twice].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = EncodingKey::from_ed_pem(pem.expose_secret().as_bytes()).expect("valid");
    let signature = jsonwebtoken::crypto::sign(unsigned.as_bytes(), &key, Algorithm::EdDSA).expect("signs");
    assert_eq!(reason(&keys, &format!("{unsigned}.{signature}"), NOW), "TOKEN_INVALID");
}

#[test]
fn hs256_is_for_the_dev_profile() {
    let setting = format!("hs256:{}", "ab".repeat(32));
    let error = TokenKeys::from_setting(&setting, false).expect_err("production");
    assert!(error.message.contains("dev") && !error.message.contains("abab"), "{error}");
    let keys = TokenKeys::from_setting(&setting, true).expect("dev");
    let token = keys.sign(&claims()).expect("signs");
    assert_eq!(keys.verify(token.expose_secret(), NOW).expect("valid"), claims());
    assert!(TokenKeys::from_setting("hs256:abcd", true).is_err());
}

#[test]
fn settings_name_every_bad_key_and_the_fix_without_repeating_it() {
    let pem = generate_pem();
    let twice = format!("{0}{0}", pem.expose_secret());
    for bad in ["", "  \n", "s3cr3t-passphrase", &pem.expose_secret()[..60], &twice] {
        let error = TokenKeys::from_setting(bad, true).expect_err(bad);
        assert_eq!(error.violations[0].field, "CALLPLANE_TOKEN_KEY");
        assert!(!error.message.contains("s3cr3t"), "{error}");
    }
    let in_one_line = pem.expose_secret().replace('\n', "\\n");
    let one = TokenKeys::from_setting(&in_one_line, false).expect("an environment variable");
    assert!(keys(&[&pem]).verify(one.sign(&claims()).expect("signs").expose_secret(), NOW).is_ok());
    assert!(!format!("{one:?}").contains("PRIVATE"));
}

#[test]
fn what_was_verified_is_remembered_and_bounded() {
    let keys = keys(&[&generate_pem()]);
    let verified = super::verified::Verified::default();
    for index in 0..5000u32 {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&index.to_be_bytes());
        verified.put(digest, &claims(), NOW);
    }
    assert!(verified.len() <= 4096);
    assert_eq!(reason(&keys, &"x".repeat(9000), NOW), "TOKEN_INVALID");
}

proptest! {
    #[test]
    fn any_changed_byte_of_a_token_is_noticed(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let keys = keys(&[&generate_pem()]);
        let token = keys.sign(&claims()).expect("signs");
        let mut bytes = token.expose_secret().as_bytes().to_vec();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte && byte.is_ascii());
        bytes[at] = byte;
        let forged = String::from_utf8(bytes).expect("ascii");
        prop_assert!(keys.verify(&forged, NOW).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "[A-Za-z0-9_.-]{0,200}|.{0,100}") {
        prop_assert!(keys(&[&generate_pem()]).verify(&text, NOW).is_err());
    }
}
