//! Tokens: nothing verifies but what we signed, letter for letter, whatever its header claims about keys and algorithms.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use callplane_control_plane::{
    domain::{
        id::{TokenId, WorkspaceId},
        time::Timestamp,
    },
    token::{Audience, Claims, Scopes, TokenKeys},
};
use chrono::{DateTime, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    corpus::words,
    engine::{Target, Verdict},
};

const NOW: Timestamp = DateTime::from_timestamp_nanos(1_750_000_000_000_000_000);
const SECRET: [u8; 32] = [0x33; 32];
/// What precedes the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410, 7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// An Ed25519 key that signs, an HS256 key of the `dev` profile beside it, and a token of either.
struct Issuer {
    keys: TokenKeys,
    eddsa: String,
    hs256: String,
}

/// The public half of the Ed25519 key.
const PUBLIC: &str = "d759793bbc13a2819a827c76adb6fba8a49aee007f49f2d0992d99b825ad2c48";

fn issuer() -> Issuer {
    let der = BASE64_STANDARD.encode([&PKCS8[..], &[0x44; 32]].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    let secret = format!("hs256:{}\n", hex::encode(SECRET));
    let keys = |setting: &str| TokenKeys::from_setting(setting, true).expect("valid");
    let sign = |keys: &TokenKeys| keys.sign(&claims()).expect("signs").expose_secret().to_owned();
    let both = keys(&format!("{pem}{secret}"));
    Issuer { eddsa: sign(&both), hs256: sign(&keys(&secret)), keys: both }
}

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

/// The first byte says how the rest becomes a token: as it stands; or as a header, a line break and a payload, with a
/// signature that somebody could have.
pub fn target() -> Target {
    let issuer = issuer();
    assert_eq!(kid(&issuer.eddsa), hex::encode(&Sha256::digest(public())[..8]), "PUBLIC belongs to the key");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for token in [&issuer.eddsa, &issuer.hs256] {
        let parts: Vec<&str> = token.split('.').collect();
        let json = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("our own");
        seeds.push([b"\0", token.as_bytes()].concat());
        seeds.extend(nearly(token).into_iter().map(|token| [b"\0", token.as_bytes()].concat()));
        for forgery in 1..=RIGHTLY {
            seeds.push([&[forgery], &json(parts[0])[..], b"\n", &json(parts[1])].concat());
        }
        // The one's key id with the other's algorithm.
        let header = String::from_utf8(json(parts[0])).expect("JSON");
        for (from, to) in [("EdDSA", "HS256"), ("HS256", "EdDSA"), ("EdDSA", "none"), ("EdDSA", "HS512")] {
            let confused = header.replace(from, to);
            seeds.extend(
                (1..=RIGHTLY).map(|forgery| [&[forgery], confused.as_bytes(), b"\n", &json(parts[1])].concat()),
            );
        }
    }
    Target {
        name: "jwt",
        inputs: 4000,
        seeds,
        dictionary: words(&[
            "\n",
            ".",
            "..",
            "=",
            "\"alg\":\"none\"",
            "\"HS256\"",
            "\"EdDSA\"",
            "\"HS384\"",
            "\"RS256\"",
            "\"kid\":",
            "\"crit\":[\"exp\"],",
            "\"zip\":\"DEF\",",
            "\"jwk\":{},",
            "\"exp\":",
            "\"nbf\":",
            "9223372036854775807",
            "-9223372036854775808",
            "null",
            "[]",
            "{}",
            "\"aud\":\"callplane\",",
            "\"kind\":\"operator\",",
            "\"scopes\":[\"*\"],",
            "\\u0000",
            "é",
        ]),
        check: Box::new(move |input| check(&issuer, input)),
        reaches: &[
            "as signed",
            "forged and refused",
            "malformed",
            "rightly signed and accepted",
            "rightly signed and refused",
        ],
    }
}

/// Texts that a lenient reader takes for the token: padded, spaced, prefixed, or with bits that base64 leaves over.
fn nearly(token: &str) -> Vec<String> {
    let mut near: Vec<String> =
        ["=", "==", ".", " ", "\n", "\0", "%3D"].iter().map(|end| format!("{token}{end}")).collect();
    near.extend([" ", ".", "Bearer "].iter().map(|start| format!("{start}{token}")));
    near.extend([token.replace('.', "=."), token.replace('.', ".."), token.replace('-', "+").replace('_', "/")]);
    let cut = &token[..token.len() - 1];
    near.extend(["A", "B", "C", "Q", "g", "w"].iter().map(|last| format!("{cut}{last}")));
    near.retain(|text| text != token);
    near
}

fn check(issuer: &Issuer, input: &[u8]) -> Verdict {
    let (way, rest) = input.split_first().map_or((0, input), |(way, rest)| (way % (RIGHTLY + 1), rest));
    if way == 0 {
        return check_text(issuer, &String::from_utf8_lossy(rest));
    }
    let mut halves = rest.splitn(2, |byte| *byte == b'\n');
    let mut half = || BASE64_URL_SAFE_NO_PAD.encode(halves.next().unwrap_or_default());
    let signed = format!("{}.{}", half(), half());
    if way == RIGHTLY {
        return check_signed(issuer, &signed, rest);
    }
    let token = format!("{signed}.{}", forged(issuer, way, &signed));
    let verdict = check_text(issuer, &token);
    if verdict == "malformed" { "forged and refused" } else { verdict }
}

/// It verifies exactly if it is one of the two tokens that were signed.
fn check_text(issuer: &Issuer, token: &str) -> Verdict {
    let ours = token == issuer.eddsa || token == issuer.hs256;
    match issuer.keys.verify(token, NOW) {
        Ok(said) => {
            assert!(ours, "verified: {token}");
            assert_eq!(said, claims());
            "as signed"
        }
        Err(error) => {
            assert!(!ours, "refused: {error}");
            assert!(token.len() < 20 || !error.message.contains(token), "the token is repeated: {error}");
            "malformed"
        }
    }
}

/// The ways before this one are signatures that somebody could have who holds no key of ours; this one is a right one.
const RIGHTLY: u8 = 8;

/// None; one taken from a real token; or an HMAC keyed with what everybody may know about the public key.
fn forged(issuer: &Issuer, way: u8, signed: &str) -> String {
    let of = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
    let kid = kid(&issuer.eddsa);
    match way {
        1 => String::new(),
        2 => of(&issuer.eddsa),
        3 => of(&issuer.hs256),
        4 => hs256(b"", signed),
        5 => hs256(kid.as_bytes(), signed),
        6 => hs256(&hex::decode(PUBLIC).expect("hex"), signed),
        _ => hs256(public().as_bytes(), signed),
    }
}

/// Whoever holds the HS256 key may say anything in proper form: it must be for us, valid now, and under that key's id.
fn check_signed(issuer: &Issuer, signed: &str, rest: &[u8]) -> Verdict {
    let token = format!("{signed}.{}", hs256(&SECRET, signed));
    let Ok(said) = issuer.keys.verify(&token, NOW) else { return "rightly signed and refused" };
    let mut halves = rest.splitn(2, |byte| *byte == b'\n');
    let mut json =
        || serde_json::from_slice::<Value>(halves.next().unwrap_or_default()).expect("JSON, as it was accepted");
    let (header, payload) = (json(), json());
    assert_eq!(header["alg"], "HS256", "{header}");
    assert_eq!(header["kid"], kid(&issuer.hs256).as_str(), "{header}");
    assert!(header["crit"].is_null() && header["zip"].is_null(), "{header}");
    assert_eq!((&payload["iss"], &payload["aud"]), (&"callplane".into(), &"callplane".into()), "{payload}");
    assert!(payload["exp"].as_i64().is_some_and(|end| end > NOW.timestamp()), "{payload}");
    assert_eq!(said.workspace.is_some(), said.audience == Audience::Workspace, "{payload}");
    "rightly signed and accepted"
}

/// The public key as a JWK has it.
fn public() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hex::decode(PUBLIC).expect("hex"))
}

fn hs256(secret: &[u8], signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).expect("our own")).expect("JSON");
    header["kid"].as_str().expect("ours name their key").to_owned()
}
