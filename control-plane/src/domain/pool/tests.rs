use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{id::RoutePlanId, sample::agent_id};

fn number_id(number: u128) -> PhoneNumberId {
    PhoneNumberId::from_uuid(Uuid::from_u128(number))
}

fn voice(sms: bool) -> Capabilities {
    Capabilities { voice: true, sms, ..Capabilities::default() }
}

fn line(number: u128, e164: &str, sms: bool) -> Line {
    Line {
        assignment: Assignment::Agent(agent_id(number)),
        display_name: format!("Agent {number}"),
        agent_id: Some(agent_id(number)),
        phone_number_id: number_id(1_000 + number),
        e164: e164.parse().expect("E.164"),
        capabilities: voice(sms),
        integration_mode: IntegrationMode::Edge,
    }
}

fn candidate(number: u128, e164: &str, sms: bool, pinned: Option<u128>) -> Candidate {
    Candidate {
        phone_number_id: number_id(number),
        account_id: AccountId::from_uuid(Uuid::from_u128(1)),
        e164: e164.parse().expect("E.164"),
        capabilities: voice(sms),
        pinned_agent_id: pinned.map(agent_id),
    }
}

const BERLIN: &str = "+493012345678";
const PARIS: &str = "+33123456789";
const TOLL_FREE: &str = "+18005550100";
const WORLDWIDE: &str = "+80012345678";

fn given(allocation: &Allocation) -> BTreeMap<PhoneNumberId, PhoneNumberId> {
    allocation.pairs.iter().map(|(line, number)| (line.phone_number_id, *number)).collect()
}

#[test]
fn a_number_that_its_account_does_not_show_or_that_is_mute_is_told_apart_from_one_that_works() {
    use crate::domain::{phone_number::tests::number, telephony::NumberSeen};
    let number = number(State::Active);
    let began = number.update_time + chrono::Duration::seconds(1);
    let seen = |e164: &str, capabilities| NumberSeen {
        sid: "PN00000000000000000000000000000001".parse().expect("a SID"),
        e164: e164.parse().expect("E.164"),
        account_sid: "AC00000000000000000000000000000001".parse().expect("a SID"),
        capabilities,
        webhooks: Default::default(),
        all_post: true,
    };
    let own = number.e164.as_str();
    let says = |shown: Shown| shown.speaks_against(&number);
    assert_eq!(says(Shown::of(began, [seen(PARIS, voice(false)), seen(own, voice(false))])), None);
    let gone = says(Shown::of(began, [seen(PARIS, voice(false))])).expect("it is not there");
    let mute = says(Shown::of(began, [seen(own, Capabilities::default())])).expect("it is mute");
    assert!(gone.contains("did not show") && mute.contains("take calls"), "{gone} {mute}");
    let earlier = number.update_time - chrono::Duration::seconds(1);
    assert_eq!(says(Shown::of(earlier, [])), None, "it was learned of since the list was begun");
}

#[test]
fn a_pin_wins_over_the_country_and_over_everybody_else() {
    let lines = [line(1, BERLIN, false), line(2, BERLIN, false), line(3, PARIS, false)];
    let free = [candidate(10, BERLIN, false, Some(3)), candidate(11, BERLIN, false, None)];
    let allocation = allocate(&lines, &free);
    assert_eq!(
        given(&allocation),
        BTreeMap::from([(number_id(1_003), number_id(10)), (number_id(1_001), number_id(11))])
    );
    assert_eq!(allocation.left_out, [(lines[1].clone(), LeftOut::NoNumberOfCountry)]);
}

#[test]
fn a_number_that_can_do_all_goes_to_who_needs_it_and_nobody_is_left_out_for_the_sake_of_it() {
    let lines = [line(1, BERLIN, false), line(2, BERLIN, true), line(3, BERLIN, true)];
    let free =
        [candidate(10, BERLIN, true, None), candidate(11, BERLIN, false, None), candidate(12, BERLIN, false, None)];
    let allocation = allocate(&lines, &free);
    assert!(allocation.left_out.is_empty());
    assert_eq!(given(&allocation)[&number_id(1_002)], number_id(10));
    let coverage = coverage(&lines, &free);
    let berlin = coverage.areas[&lines[0].area()];
    assert_eq!((berlin.lines, berlin.free, berlin.free_sms, berlin.reduced, berlin.left_out), (3, 3, 1, 1, 0));
    assert!(coverage.is_full());
}

#[test]
fn another_country_or_another_kind_of_toll_free_number_does_not_stand_in() {
    let lines = [line(1, BERLIN, false), line(2, TOLL_FREE, false), line(3, WORLDWIDE, false)];
    let free = [candidate(10, PARIS, false, None), candidate(11, TOLL_FREE, false, None)];
    let allocation = allocate(&lines, &free);
    assert_eq!(given(&allocation), BTreeMap::from([(number_id(1_002), number_id(11))]));
    let why: Vec<_> = allocation.left_out.iter().map(|(_, why)| *why).collect();
    assert_eq!(why, [LeftOut::NoNumberOfCountry, LeftOut::NoNumberOfPrefix]);
    let coverage = coverage(&lines, &free);
    assert_eq!((coverage.lines, coverage.free, coverage.left_out.len()), (3, 2, 2));
    assert_eq!(coverage.areas[&Area::of(&PARIS.parse().expect("E.164"))].lines, 0);
}

#[test]
fn a_number_without_voice_is_given_to_nobody() {
    let mute = Candidate {
        capabilities: Capabilities { sms: true, ..Capabilities::default() },
        ..candidate(10, BERLIN, true, Some(1))
    };
    assert!(allocate(&[line(1, BERLIN, false)], &[mute]).pairs.is_empty());
}

fn some_lines() -> impl Strategy<Value = Vec<Line>> {
    let one = (0..12_u128, 0..4_usize, any::<bool>(), any::<bool>());
    proptest::collection::vec(one, 0..12).prop_map(|all| {
        let line = |(number, place, sms, plan): (u128, usize, bool, bool)| {
            let line = line(number, [BERLIN, PARIS, TOLL_FREE, WORLDWIDE][place], sms);
            let id = RoutePlanId::from_uuid(Uuid::from_u128(number));
            match plan {
                true => Line { assignment: Assignment::RoutePlan(id), agent_id: None, ..line },
                false => line,
            }
        };
        all.into_iter().map(line).collect()
    })
}

fn some_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (0..16_u128, 0..4_usize, any::<bool>(), proptest::option::weighted(0.2, 0..12_u128));
    proptest::collection::vec(one, 0..16).prop_map(|all| {
        let mut all: Vec<_> = all
            .into_iter()
            .map(|(number, place, sms, pin)| candidate(number, [BERLIN, PARIS, TOLL_FREE, WORLDWIDE][place], sms, pin))
            .collect();
        all.sort_unstable_by_key(|candidate| candidate.phone_number_id);
        all.dedup_by_key(|candidate| candidate.phone_number_id);
        all
    })
}

proptest! {
    /// No number twice, no line twice or lost, pins kept, no other country, and nobody left out while a number would do.
    #[test]
    fn every_line_is_given_one_number_of_its_own_or_left_out_for_a_reason(
        lines in some_lines(),
        free in some_candidates(),
    ) {
        let allocation = allocate(&lines, &free);
        let asked: BTreeSet<_> = lines.iter().map(|line| line.assignment).collect();
        let told = allocation.pairs.iter().map(|(line, _)| line).chain(allocation.left_out.iter().map(|(line, _)| line));
        let told: Vec<_> = told.map(|line| line.assignment).collect();
        prop_assert_eq!(told.len(), asked.len());
        prop_assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), asked);
        let used: BTreeSet<_> = allocation.pairs.iter().map(|(_, number)| *number).collect();
        prop_assert_eq!(used.len(), allocation.pairs.len());
        for (line, number) in &allocation.pairs {
            let number = free.iter().find(|candidate| candidate.phone_number_id == *number).expect("one of the free");
            match number.pinned_agent_id {
                Some(agent) => prop_assert_eq!(Some(agent), line.agent_id),
                None => {
                    prop_assert_eq!(number.area(), line.area());
                    prop_assert!(!free.iter().any(|other| line.agent_id.is_some() && other.pinned_agent_id == line.agent_id));
                }
            }
        }
        for (line, _) in &allocation.left_out {
            let would_do = free.iter().filter(|other| !used.contains(&other.phone_number_id));
            let mut would_do = would_do.filter(|other| other.pinned_agent_id.is_none() && other.area() == line.area());
            prop_assert!(would_do.next().is_none());
        }
    }

    /// The order in which rows come does not matter.
    #[test]
    fn the_same_lines_and_numbers_give_the_same_answer(lines in some_lines(), free in some_candidates()) {
        let mut seen = BTreeSet::new();
        let lines: Vec<_> = lines.into_iter().filter(|line| seen.insert(line.assignment)).collect();
        let (mut turned, mut shuffled) = (lines.clone(), free.clone());
        turned.reverse();
        shuffled.reverse();
        prop_assert_eq!(allocate(&lines, &free), allocate(&turned, &shuffled));
    }
}
