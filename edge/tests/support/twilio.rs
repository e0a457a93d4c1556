//! Signs like Twilio, and makes the state a control plane would send for an account and its numbers.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use callplane_edge::{form::Form, verify::Content};
use callplane_proto::edge::v1::{
    AccountState, Instructions, NumberState, StateChange, Verifier, VerifierKind, state_change::Kind,
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Sha1, block_api::compress};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const OTHER_ACCOUNT: &str = "AC00000000000000000000000000000002";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const NEXT_TOKEN: &str = "fedcba9876543210fedcba9876543210";
pub const NUMBER: &str = "+15005550006";
pub const OTHER_NUMBER: &str = "+15005550007";

/// The header for a POST of this form to this URL.
pub fn sign(token: &str, url: &str, body: &str) -> String {
    let form = Form::parse(body.as_bytes(), 1000).expect("few fields");
    sign_text(token, &[url.as_bytes(), &Content::Form(&form).suffix()].concat())
}

/// The header for a GET of this URL.
pub fn sign_get(token: &str, url: &str) -> String {
    sign_text(token, url.as_bytes())
}

fn sign_text(token: &str, text: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What a control plane makes of a token.
pub fn verifier(token: &str, kind: VerifierKind) -> Verifier {
    Verifier { inner: chaining(token, 0x36), outer: chaining(token, 0x5c), kind: kind.into() }
}

fn chaining(token: &str, pad: u8) -> Bytes {
    let mut block = [pad; 64];
    block.iter_mut().zip(token.as_bytes()).for_each(|(byte, key)| *byte ^= key);
    let mut state = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    compress(&mut state, &[block]);
    state.iter().flat_map(|word: &u32| word.to_be_bytes()).collect::<Vec<u8>>().into()
}

pub fn account(sid: &str, tokens: &[&str]) -> StateChange {
    let kinds = [VerifierKind::Primary, VerifierKind::Secondary];
    let verifiers = tokens.iter().zip(kinds).map(|(token, kind)| verifier(token, kind)).collect();
    change(Kind::Account(AccountState { account_sid: sid.into(), verifiers, active: true }))
}

pub fn number(e164: &str, sid: &str, fallback: Option<Instructions>) -> StateChange {
    change(Kind::Number(NumberState { e164: e164.into(), account_sid: sid.into(), fallback }))
}

pub fn change(kind: Kind) -> StateChange {
    StateChange { kind: Some(kind) }
}

/// One account with one number, and another account with another.
pub fn usual_state() -> Vec<StateChange> {
    vec![
        account(ACCOUNT, &[TOKEN]),
        account(OTHER_ACCOUNT, &[NEXT_TOKEN]),
        number(NUMBER, ACCOUNT, None),
        number(OTHER_NUMBER, OTHER_ACCOUNT, None),
    ]
}

/// The form of an inbound call.
pub fn inbound_call() -> String {
    form(&[
        ("CallSid", CALL),
        ("From", "+18185550100"),
        ("To", NUMBER),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ToZip", ""),
    ])
}

pub const CALL: &str = "CA00000000000000000000000000000001";

/// A form of the usual account.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_of(ACCOUNT, fields)
}

pub fn form_of(account: &str, fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("AccountSid", account).extend_pairs(fields);
    form.finish()
}
