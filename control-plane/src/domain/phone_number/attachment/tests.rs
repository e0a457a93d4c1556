use proptest::prelude::*;

use super::{
    vendor::{Fate, VOICE, World, agent},
    *,
};
use crate::domain::{
    effect::Effect,
    machine::Machine,
    phone_number::{
        DriftCause, Event, IntegrationMode, Need, Patch, PhoneNumber, Repair, Sighting, State, WebhooksState,
        tests::wanted,
    },
    telephony::Webhooks,
};

fn attached() -> World {
    let mut world = World::new();
    world.want(Event::AttachRequested(agent(1)));
    assert_eq!((world.state(), world.error()), (Some(AttachmentState::InSync), ""));
    world
}

fn answering(world: &World) -> Vec<Option<&str>> {
    world.imports.iter().map(|import| import.vendor_agent_id.as_deref()).collect()
}

#[test]
fn a_number_is_looked_for_remembered_imported_and_read_back_in_this_order() {
    let mut world = World::new();
    let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
    let mut asked = Vec::new();
    while let Some(effect) = effects.pop() {
        asked.push(effect.kind());
        effects.extend(world.perform(&effect, Fate::Fine));
    }
    assert_eq!(asked, ["look-up-import", "find-number", "import-number", "look-up-import", "find-number"]);
    assert_eq!((world.state(), answering(&world)), (Some(AttachmentState::InSync), vec![Some("agent_1")]));
    assert_eq!(world.number.integration_mode, IntegrationMode::Native);
    let before = world.number.attachment.as_ref().and_then(|place| place.before.webhooks.clone());
    assert_eq!(before, Some(wanted()), "remembered before the import");
    world.want(Event::AttachRequested(agent(1)));
    assert_eq!((world.made, world.state()), (1, Some(AttachmentState::InSync)), "a second time changes nothing");
}

#[test]
fn removing_the_import_undoes_everything() {
    let mut world = attached();
    assert_ne!(world.twilio, wanted());
    world.want(Event::RemoveImportRequested);
    assert_eq!((world.imports.len(), &world.twilio), (0, &wanted()));
    let number = &world.number;
    assert_eq!((number.attachment.as_ref(), number.integration_mode), (None, IntegrationMode::Edge));
    assert_eq!(number.webhooks_state, WebhooksState::InSync);
    world.want(Event::RemoveImportRequested);
    assert!(world.number.is_at_rest(), "there is nothing left to undo");
}

#[test]
fn what_somebody_set_after_the_import_is_not_undone() {
    let mut world = attached();
    world.twilio.voice_url = Some("https://new.example/".to_owned());
    world.want(Event::RemoveImportRequested);
    assert_eq!((world.imports.len(), world.twilio.voice_url.as_deref()), (0, Some("https://new.example/")));
    assert_eq!(world.number.webhooks_state, WebhooksState::Drifted);
}

#[test]
fn an_import_that_others_made_is_taken_on_and_given_back_and_never_deleted() {
    let mut world = attached();
    world.imports[0].label = "Front desk".to_owned();
    world.imports[0].vendor_agent_id = Some("agent_of_theirs".to_owned());
    world.number = PhoneNumber { attachment: None, ..world.number.clone() };
    world.want(Event::AttachRequested(agent(2)));
    assert_eq!((world.made, answering(&world)), (1, vec![Some("agent_2")]));
    world.want(Event::RemoveImportRequested);
    assert_eq!(answering(&world), [Some("agent_of_theirs")]);
    assert_eq!(world.twilio.voice_url.as_deref(), Some(VOICE));
}

#[test]
fn an_import_whose_answer_was_lost_is_found_and_not_made_again() {
    for fate in [Fate::LostAfter, Fate::Late, Fate::LostBefore, Fate::Later] {
        let mut world = World::new();
        let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
        for kind in ["look-up-import", "find-number"] {
            assert_eq!(effects[0].kind(), kind);
            effects = world.perform(&effects[0].clone(), Fate::Fine);
        }
        assert_eq!(effects[0].kind(), "import-number");
        let after = world.perform(&effects[0].clone(), fate);
        world.settle(after);
        assert_eq!((world.made, world.most, world.state()), (1, 1, Some(AttachmentState::InSync)), "{fate:?}");
    }
}

#[test]
fn an_import_in_doubt_is_looked_for_three_times_before_it_is_made_again() {
    let mut world = World::new();
    let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
    for _ in 0..2 {
        effects = world.perform(&effects[0].clone(), Fate::Fine);
    }
    world.perform(&effects[0].clone(), Fate::LostBefore);
    let began = world.now;
    for _ in 0..2 {
        let look = world.wait();
        assert_eq!(look[0].kind(), "look-up-import");
        assert!(world.perform(&look[0].clone(), Fate::Fine).is_empty(), "absent once is not believed");
    }
    let look = world.wait();
    let import = world.perform(&look[0].clone(), Fate::Fine);
    assert_eq!(import[0].kind(), "import-number");
    assert!(world.now - began >= chrono::Duration::seconds(14), "{}", world.now - began);
}

#[test]
fn a_refused_import_fails_with_the_reason_and_leaves_the_number_as_it_was() {
    let mut world = World::new();
    let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
    for fate in [Fate::Fine, Fate::Fine, Fate::Never] {
        effects = world.perform(&effects[0].clone(), fate);
    }
    assert_eq!(effects[0].kind(), "look-up-import", "a refusal is believed after a look");
    world.settle(effects);
    assert_eq!((world.state(), world.error(), world.made), (Some(AttachmentState::Failed), "no", 0));
    assert_eq!(world.twilio, wanted());
    world.want(Event::RemoveImportRequested);
    assert_eq!((world.number.attachment.as_ref(), world.number.integration_mode), (None, IntegrationMode::Edge));
}

#[test]
fn a_number_that_is_there_twice_is_not_guessed_about() {
    let mut world = attached();
    let other = ImportSeen { id: ImportId("phnum_by_hand".to_owned()), ..world.imports[0].clone() };
    world.imports.push(other);
    world.number = PhoneNumber { attachment: None, ..world.number.clone() };
    world.want(Event::AttachRequested(agent(1)));
    assert_eq!(world.state(), Some(AttachmentState::Failed));
    assert!(world.error().contains("more than once"), "{}", world.error());
    assert_eq!(world.imports.len(), 2);
}

#[test]
fn an_import_that_never_shows_at_twilio_is_given_up_with_the_reason() {
    let mut world = World::new();
    let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
    for _ in 0..40 {
        effects = match effects.pop() {
            Some(effect) => world.perform(&effect, Fate::Fine),
            None => world.wait(),
        };
        world.twilio = wanted();
    }
    assert_eq!(world.state(), Some(AttachmentState::Failed));
    assert!(world.error().contains("another voice URL"), "{}", world.error());
}

#[test]
fn detaching_leaves_the_import_and_leaves_another_agent_alone() {
    let mut world = attached();
    world.want(Event::DetachRequested(agent(1)));
    assert_eq!((world.state(), answering(&world)), (Some(AttachmentState::Detached), vec![None]));
    world.want(Event::AttachRequested(agent(2)));
    assert_eq!((world.made, answering(&world)), (1, vec![Some("agent_2")]));
    let refusal = world.step(Event::DetachRequested(agent(1))).expect_err("agent 2 answers it");
    assert_eq!(refusal.reason, "ATTACHMENT_CHANGED");
    assert_eq!(answering(&world), [Some("agent_2")]);
}

#[test]
fn a_number_never_attached_by_us_can_be_detached_from_its_agent() {
    let mut world = attached();
    world.number = PhoneNumber { attachment: None, ..world.number.clone() };
    world.want(Event::DetachRequested(agent(1)));
    assert_eq!((world.state(), answering(&world)), (Some(AttachmentState::Detached), vec![None]));
    let mut edge = World::new();
    edge.want(Event::DetachRequested(agent(1)));
    assert_eq!(edge.number.integration_mode, IntegrationMode::Edge, "to look at ElevenLabs changes no mode");
}

#[test]
fn an_import_under_way_is_waited_for_before_it_is_undone() {
    let mut world = World::new();
    let mut effects = world.step(Event::AttachRequested(agent(1))).expect("it fits");
    for _ in 0..2 {
        effects = world.perform(&effects[0].clone(), Fate::Fine);
    }
    assert!(world.step(Event::RemoveImportRequested).expect("it fits").is_empty(), "its answer is not there yet");
    let refusal = world.step(Event::AttachRequested(agent(2))).expect_err("it is busy");
    assert_eq!(refusal.reason, "ATTACHMENT_UNDER_WAY");
    let after = world.perform(&effects[0].clone(), Fate::LostAfter);
    world.settle(after);
    assert_eq!((world.made, world.imports.len(), &world.twilio), (1, 0, &wanted()));
    assert_eq!(world.number.attachment, None);
}

#[test]
fn an_attachment_waits_until_the_webhooks_are_written() {
    let mut world = World::new();
    world.twilio = Webhooks::default();
    let read = world.step(Event::ConfigureRequested(wanted())).expect("it fits");
    let write = world.perform(&read[0].clone(), Fate::Fine);
    assert!(world.step(Event::AttachRequested(agent(1))).expect("it fits").is_empty());
    world.settle(write);
    assert_eq!((world.state(), world.made), (Some(AttachmentState::InSync), 1));
    let before = world.number.attachment.as_ref().and_then(|place| place.before.webhooks.clone());
    assert_eq!(before, Some(wanted()));
}

#[test]
fn another_agent_with_another_key_does_not_import_a_second_time() {
    let mut world = attached();
    let (held, mut effects) = (world.imports.clone(), world.step(Event::AttachRequested(agent(2))).expect("it fits"));
    // The other key shows nothing.
    world.imports.clear();
    effects = world.perform(&effects[0].clone(), Fate::Fine);
    world.imports = held;
    let Effect::ManageImport { agent_id, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(*agent_id, agent(1).agent_id, "the first key is asked");
    world.settle(effects);
    assert_eq!((world.state(), world.made), (Some(AttachmentState::Failed), 1));
    assert!(world.error().contains("key of another agent"), "{}", world.error());
}

#[test]
fn the_mode_of_a_number_that_elevenlabs_has_is_not_changed_by_hand() {
    let world = attached();
    let edge = Patch { integration_mode: Some(IntegrationMode::Edge), ..Patch::default() };
    assert_eq!(world.number.step(Event::Changed(edge), world.now).expect_err("attached").reason, "NUMBER_ATTACHED");
    let refusal = world.number.step(Event::ConfigureRequested(wanted()), world.now).expect_err("native");
    assert_eq!(refusal.reason, "NUMBER_NATIVE");
}

#[test]
fn drift_at_elevenlabs_is_noticed_and_repaired() {
    type Meddle = fn(&mut World);
    let meddles: [(DriftCause, Meddle); 4] = [
        (DriftCause::UrlChanged, |world| world.twilio.voice_url = Some("https://elsewhere.example/".to_owned())),
        (DriftCause::WrongTrunk, |world| world.twilio.trunk_sid = Some("TK1".to_owned())),
        (DriftCause::ImportGone, |world| world.imports.clear()),
        (DriftCause::WrongAgent, |world| world.imports[0].vendor_agent_id = None),
    ];
    for (cause, meddle) in meddles {
        let mut world = attached();
        meddle(&mut world);
        world.look(Repair::Withheld);
        assert_eq!(world.number.open_drift().map(|drift| drift.cause), Some(cause));
        assert_eq!(world.state(), Some(AttachmentState::Drifted), "{cause}");
        assert!(matches!(world.number.need(&wanted(), false), Need::Correction(_)), "{cause}");
        world.look(Repair::Allowed);
        assert_eq!((world.number.open_drift(), world.state()), (None, Some(AttachmentState::InSync)), "{cause}");
        assert_eq!((world.imports.len(), world.most), (1, 1), "{cause}");
        assert_eq!(answering(&world), [Some("agent_1")], "{cause}");
        assert_eq!((world.twilio.voice_url.as_deref(), &world.twilio.trunk_sid), (Some(VOICE), &None), "{cause}");
        assert_eq!(world.number.need(&wanted(), false), Need::Nothing, "{cause}");
    }
}

#[test]
fn every_stored_attachment_still_loads() {
    for sample in [
        r#"{"wanted":{"want":"attached","agent_id":"agt_01jb3y6m5ye3hr9zj0t4n6q8rs","vendor_agent_id":"agent_1","label":"x"},"state":"pending","before":{"mode":"edge"}}"#,
        r#"{"wanted":{"want":"removed","agent_id":"agt_01jb3y6m5ye3hr9zj0t4n6q8rs","vendor_agent_id":"agent_1","label":"x"},"state":"pending","error":"","held":{"id":"phnum_1","by":"agt_01jb3y6m5ye3hr9zj0t4n6q8rs","ours":true},"before":{"mode":"edge","webhooks":{"voice_url":"https://x/"},"vendor_agent_id":null},"left":{"voice_url":"https://y/"},"known":{"import":{"is":"absent"},"doubts":2},"work":{"state":"asking","round":7,"attempt":1,"errand":"look-elsewhere"}}"#,
        r#"{"wanted":{"want":"detached","agent_id":"agt_01jb3y6m5ye3hr9zj0t4n6q8rs","vendor_agent_id":"agent_1","label":"x"},"state":"pending","before":{"mode":"native"},"known":{"import":{"is":"there","import":{"id":"phnum_1","e164":"+15005550006","label":"x","vendor_agent_id":"agent_1","is_twilio":true}}},"work":{"state":"waiting","round":7,"attempt":1,"until":"2026-11-20T12:00:02Z"}}"#,
    ] {
        let place: Place = serde_json::from_str(sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
        let again = serde_json::to_string(&place).expect("writes");
        assert_eq!(serde_json::from_str::<Place>(&again).expect("its own word"), place);
    }
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Attach(u128),
    Detach,
    Remove,
    Configure,
    Perform { which: usize, fate: Fate },
    Repeat { which: usize },
    Meddle(u8),
    Look(Repair),
    Wait,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Fine),
        2 => Just(Fate::LostAfter),
        1 => Just(Fate::LostBefore),
        1 => Just(Fate::Late),
        1 => Just(Fate::Later),
        1 => Just(Fate::Never),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (1_u128..3).prop_map(Move::Attach),
        1 => Just(Move::Detach),
        1 => Just(Move::Remove),
        1 => Just(Move::Configure),
        12 => (any::<usize>(), fate()).prop_map(|(which, fate)| Move::Perform { which, fate }),
        2 => any::<usize>().prop_map(|which| Move::Repeat { which }),
        1 => (0_u8..4).prop_map(Move::Meddle),
        1 => prop_oneof![Just(Repair::Allowed), Just(Repair::Withheld)].prop_map(Move::Look),
        4 => Just(Move::Wait),
    ];
    proptest::collection::vec(one, 1..80)
}

fn play(world: &mut World, pending: &mut Vec<Effect>, done: &mut Vec<Effect>, one: Move) {
    match one {
        Move::Attach(which) => pending.extend(world.step(Event::AttachRequested(agent(which))).unwrap_or_default()),
        Move::Detach => pending.extend(world.step(Event::DetachRequested(agent(1))).unwrap_or_default()),
        Move::Remove => pending.extend(world.step(Event::RemoveImportRequested).unwrap_or_default()),
        Move::Configure => pending.extend(world.step(Event::ConfigureRequested(wanted())).unwrap_or_default()),
        Move::Perform { which, fate } if !pending.is_empty() => {
            let effect = pending.swap_remove(which % pending.len());
            pending.extend(world.perform(&effect, fate));
            done.push(effect);
        }
        // The answer of a read that was over long ago.
        Move::Repeat { which } if !done.is_empty() => {
            let effect = done[which % done.len()].clone();
            if effect.is_read() {
                pending.extend(world.perform(&effect, Fate::Fine));
            }
        }
        Move::Meddle(0) => world.twilio.voice_url = Some("https://elsewhere.example/".to_owned()),
        Move::Meddle(1) => world.twilio.trunk_sid = Some("TK1".to_owned()),
        Move::Meddle(2) => world.imports.clear(),
        Move::Meddle(_) => world.imports.iter_mut().for_each(|import| import.vendor_agent_id = None),
        Move::Look(repair) => {
            let sighting = Sighting::Twilio(Some(Box::new(world.seen())));
            pending.extend(world.step(Event::Observed { sighting, repair }).unwrap_or_default());
            let sighting = Sighting::ElevenLabs(world.imports.clone());
            pending.extend(world.step(Event::Observed { sighting, repair }).unwrap_or_default());
        }
        Move::Wait => pending.extend(world.wait()),
        Move::Perform { .. } | Move::Repeat { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is lost, late, repeated, reordered, refused or meddled with: there is never a second import, the work ends,
    /// an end that says in sync is in sync, and from there everything can be undone.
    #[test]
    fn there_is_never_a_second_import_and_the_work_always_ends(moves in moves()) {
        let mut world = World::new();
        let (mut pending, mut done) = (Vec::new(), Vec::new());
        for one in moves {
            play(&mut world, &mut pending, &mut done, one);
            prop_assert!(world.most <= 1, "{:?}", world.imports);
        }
        world.settle(pending);
        prop_assert!(world.most <= 1, "{:?}", world.imports);
        prop_assert!(world.number.is_at_rest());
        if let Some(place) = &world.number.attachment {
            prop_assert!(!matches!(place.state, AttachmentState::Pending | AttachmentState::Unattached), "{place:?}");
            prop_assert_eq!(place.state == AttachmentState::Failed, !place.error.is_empty());
        }

        world.want(Event::AttachRequested(agent(1)));
        let trunked = world.twilio.trunk_sid.is_some();
        if world.state() == Some(AttachmentState::InSync) {
            prop_assert_eq!(answering(&world), [Some("agent_1")]);
            prop_assert!(!trunked);
            // Who changes it between the import and the first look cannot be told from the import.
            let left = world.number.attachment.as_ref().and_then(|place| place.left.clone()).unwrap_or_default();
            prop_assert_eq!(&world.twilio.voice_url, &left.voice_url);
        } else {
            prop_assert!(!world.error().is_empty());
        }
        prop_assert!(world.number.state == State::Active);
        world.want(Event::RemoveImportRequested);
        prop_assert_eq!((&world.number.attachment, world.imports.len()), (&None, 0));
        prop_assert!(world.most <= 1);
    }
}
