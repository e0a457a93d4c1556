//! Snapshots, changes and what they cost.

use bytes::Bytes;
use callplane_proto::edge::v1::{
    AccountState, Hangup, Instructions, NumberState, StateChange, Verb, Verifier, WatchStateResponse,
    state_change::Kind, verb,
};

use super::{Directory, Feed};

fn account(sid: &str, verifiers: usize) -> StateChange {
    let verifier = Verifier { inner: Bytes::from_static(&[1; 20]), outer: Bytes::from_static(&[2; 20]), kind: 1 };
    change(Kind::Account(AccountState { account_sid: sid.into(), verifiers: vec![verifier; verifiers], active: true }))
}

fn number(e164: &str, sid: &str) -> StateChange {
    let hangup = Verb { kind: Some(verb::Kind::Hangup(Hangup {})) };
    let fallback = Some(Instructions { verbs: vec![hangup], ..Default::default() });
    change(Kind::Number(NumberState { e164: e164.into(), account_sid: sid.into(), fallback }))
}

fn change(kind: Kind) -> StateChange {
    StateChange { kind: Some(kind) }
}

fn part(token: &str, changes: Vec<StateChange>, snapshot_begin: bool, snapshot_complete: bool) -> WatchStateResponse {
    WatchStateResponse { resume_token: token.into(), changes, snapshot_begin, snapshot_complete }
}

#[tokio::test]
async fn a_snapshot_takes_effect_whole() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    feed.apply(&directory, part("", vec![account("AC1", 1)], true, false));
    assert!(!directory.is_loaded());
    assert!(directory.account("AC1").is_none());
    feed.apply(&directory, part("t1", vec![number("+15005550006", "AC1")], false, true));
    assert!(directory.is_loaded());
    assert_eq!(directory.account("AC1").map(|account| account.keys.len()), Some(1));
    assert_eq!(directory.owner("+15005550006").as_deref(), Some("AC1"));
    assert_eq!(directory.fallback("+15005550006").map(|instructions| instructions.verbs.len()), Some(1));
    assert_eq!(feed.resume_token(), "t1");
}

#[tokio::test]
async fn a_change_takes_effect_at_once() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    feed.apply(&directory, part("t1", vec![account("AC1", 1), number("+15005550006", "AC1")], true, true));
    feed.apply(&directory, part("t2", vec![account("AC1", 2)], false, false));
    assert_eq!(directory.account("AC1").map(|account| account.keys.len()), Some(2));
    let gone = vec![change(Kind::AccountRemoved("AC1".into())), change(Kind::NumberRemoved("+15005550006".into()))];
    feed.apply(&directory, part("t3", gone, false, false));
    assert_eq!(directory.size(), (0, 0));
    assert_eq!(feed.resume_token(), "t3");
}

#[tokio::test]
async fn a_new_snapshot_drops_what_it_does_not_name() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    feed.apply(&directory, part("t1", vec![account("AC1", 1)], true, true));
    feed.apply(&directory, part("", vec![account("AC2", 1)], true, false));
    assert!(directory.account("AC1").is_some(), "the old state serves until the new one is complete");
    feed.apply(&directory, part("t2", vec![], false, true));
    assert!(directory.account("AC1").is_none());
    assert!(directory.account("AC2").is_some());
}

#[tokio::test]
async fn half_a_snapshot_is_forgotten_with_its_connection() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    feed.apply(&directory, part("t1", vec![account("AC1", 1)], true, true));
    feed.apply(&directory, part("half", vec![account("AC2", 1)], true, false));
    assert_eq!(feed.resume_token(), "t1");
    feed.interrupted();
    feed.apply(&directory, part("t2", vec![account("AC3", 1)], false, false));
    let there = ["AC1", "AC2", "AC3"].map(|sid| directory.account(sid).is_some());
    assert_eq!(there, [true, false, true]);
}

#[tokio::test]
async fn a_broken_verifier_verifies_nothing() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    let broken = Verifier { inner: Bytes::from_static(b"short"), outer: Bytes::new(), kind: 1 };
    let state = AccountState { account_sid: "AC1".into(), verifiers: vec![broken], active: true };
    feed.apply(&directory, part("t", vec![change(Kind::Account(state))], true, true));
    assert_eq!(directory.account("AC1").map(|account| account.keys.len()), Some(0));
}

#[tokio::test]
async fn many_numbers_share_one_fallback() {
    let (directory, mut feed) = (Directory::default(), Feed::default());
    let numbers = (0..1000).map(|index| number(&format!("+1500{index:07}"), "AC1")).collect();
    feed.apply(&directory, part("t", numbers, true, true));
    let known = directory.known.read().expect("unpoisoned");
    let pointers: std::collections::HashSet<_> =
        (0..1000).filter_map(|index| known.fallback(&format!("+1500{index:07}"))).map(|bytes| bytes.as_ptr()).collect();
    assert_eq!(pointers.len(), 1);
}
