//! Sealed values and wrapped keys: only the bytes that were sealed open, only where they were sealed for. The samples
//! were sealed by a release and must open for ever.

use callplane_control_plane::{
    domain::id::WorkspaceId,
    secret::{DataKey, Fault, MasterKeys, Place},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    engine::{Target, Verdict},
    tape::Tape,
};

const MASTER: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const OTHER_MASTER: &str = "2222222222222222222222222222222222222222222222222222222222222222";
const TOKEN: &str = "7efd7f9eed4f646036ef47f4d1338c25";
const WRAPPED: &str = concat!(
    "0102d449a31fbb267c8f352e9968a79e3e79ae8c1f6eb4cf6e8c2f006a5aaab841cdc158f736f1b55b00000030d50be89218",
    "308403807c14f2947120e5e93aeae40a864a86d810a66238de21dfbf8b470f3c18300230957b26b871030a",
);
const SEALED: &str = concat!(
    "0100000000000000000000000000000007cd4b6ea443ad1edd1998536bde3cffef4a7242e78068f9710000003098be10f460",
    "37f1568b6e47079dd885f8dabcf7b779a48acbffbc3b199906fd5f8f54391fe8cb917e524d967540023e46",
);
const ID: Uuid = Uuid::from_u128(7);
const OWN: Place = Place { table: "account", row: Uuid::from_u128(5), column: "auth_token" };

/// Where it was sealed for, and where somebody may have copied it to.
const PLACES: [Place; 6] = [
    OWN,
    Place { table: "agent", ..OWN },
    Place { row: Uuid::from_u128(6), ..OWN },
    Place { column: "secondary_auth_token", ..OWN },
    // The same letters, split elsewhere.
    Place { table: "accountauth", column: "_token", ..OWN },
    Place { table: "", column: "", ..OWN },
];

fn workspace(number: u128) -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(number))
}

/// What is asked to open the bytes, made once.
struct Keys {
    masters: MasterKeys,
    rotated: MasterKeys,
    foreign: MasterKeys,
    key: DataKey,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

/// The first byte chooses the place, the rest are the bytes to open.
pub fn target() -> Target {
    let masters = |setting: &str| MasterKeys::from_setting(setting).expect("valid");
    let (wrapped, sealed) = (hex::decode(WRAPPED).expect("hex"), hex::decode(SEALED).expect("hex"));
    let key = masters(MASTER).unwrap(workspace(1), ID, &wrapped).expect("a sample opens for ever");
    let at = |place: u8, bytes: &[u8]| [&[place], bytes].concat();
    let mut seeds: Vec<_> = (0..6).map(|place| at(place, &sealed)).collect();
    seeds.extend([at(0, &wrapped), at(0, &[]), at(0, &[1; 61]), at(0, &sealed[..sealed.len() - 1])]);
    let pieces =
        [&sealed[..1], &sealed[1..17], &sealed[17..41], &sealed[41..45], &sealed[45..], &wrapped[1..17], &[0; 4], &[2]];
    let keys = Keys {
        masters: masters(MASTER),
        rotated: masters(&format!("{OTHER_MASTER},{MASTER}")),
        foreign: masters(OTHER_MASTER),
        key,
        wrapped: wrapped.clone(),
        sealed: sealed.clone(),
    };
    Target {
        name: "sealed",
        inputs: 4000,
        seeds,
        dictionary: pieces.map(<[u8]>::to_vec).into(),
        check: Box::new(move |input| check(&keys, input)),
        reaches: &["opened", "truncated", "unknown version", "another data key", "tampered"],
    }
}

fn check(keys: &Keys, input: &[u8]) -> Verdict {
    let mut tape = Tape::new(input);
    let place = PLACES[usize::from(tape.below(6))];
    let bytes = tape.bytes(input.len());
    check_wrapped(keys, bytes);
    check_fresh(keys, bytes);
    let opened = keys.key.open(&place, bytes);
    let own = bytes == keys.sealed && place == OWN;
    assert_eq!(opened.is_ok(), own, "opened for {place:?}");
    match opened {
        Ok(secret) => {
            assert_eq!(secret.expose_secret(), TOKEN);
            "opened"
        }
        Err(Fault::Truncated) => "truncated",
        Err(Fault::UnknownVersion(_)) => "unknown version",
        Err(Fault::WrongDataKey { .. }) => "another data key",
        Err(Fault::Tampered) => "tampered",
        Err(fault @ (Fault::WrongMasterKey(_) | Fault::NotText)) => panic!("{fault} cannot be the reason"),
    }
}

/// A wrapped key is a sealed value, too: it opens with its master key, for its workspace and under its id.
fn check_wrapped(keys: &Keys, bytes: &[u8]) {
    let own = bytes == keys.wrapped;
    assert_eq!(keys.masters.unwrap(workspace(1), ID, bytes).is_ok(), own, "unwrapped");
    assert_eq!(keys.rotated.unwrap(workspace(1), ID, bytes).is_ok(), own, "unwrapped after a rotation");
    assert!(keys.foreign.unwrap(workspace(1), ID, bytes).is_err(), "unwrapped with a foreign master key");
    assert!(keys.masters.unwrap(workspace(2), ID, bytes).is_err(), "unwrapped for another workspace");
    assert!(keys.masters.unwrap(workspace(1), OWN.row, bytes).is_err(), "unwrapped under another id");
}

/// Any text can be sealed; with a bit changed, cut anywhere, or moved, it does not open. Where, the bytes say themselves.
fn check_fresh(keys: &Keys, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let sealed = keys.key.seal(&OWN, &SecretString::from(text.as_ref()));
    let opened = keys.key.open(&OWN, &sealed).expect("just sealed");
    assert_eq!(opened.expose_secret(), text);

    let mut tape = Tape::new(bytes);
    let at = usize::try_from(tape.number().unsigned_abs()).unwrap_or_default() % sealed.len();
    let mut changed = sealed.clone();
    changed[at] ^= 1 << tape.below(8);
    assert!(keys.key.open(&OWN, &changed).is_err(), "with another bit in byte {at}");
    assert!(keys.key.open(&OWN, &sealed[..at]).is_err(), "cut to {at} bytes");
    assert!(keys.key.open(&PLACES[1 + at % 5], &sealed).is_err(), "moved");
    let elsewhere = DataKey::generate(ID, workspace(1));
    assert!(elsewhere.open(&OWN, &sealed).is_err(), "under an exchanged key of the same id");
}
