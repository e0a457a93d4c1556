//! Holding somebody on the line whom we called, or who has pressed a key, while no control plane answers: what they pressed must
//! not be lost to a restart. They wait a moment and come back with it; after a few times they are told that it did not work.

use callplane_proto::edge::v1::{
    Hangup, Instructions, Pause, Redirect, Say, Verb, Webhook, verb::Kind, webhook::Event,
};
use prost_types::Duration;

use super::texts;
use crate::translate::held::{Held, MOST, key};

/// How long they wait each time.
const WAIT: Duration = Duration { seconds: 3, nanos: 0 };

/// Asks for a moment and sends them back; none for somebody who is not held, or has been often enough.
pub fn instructions(webhook: &Webhook, target: &str) -> Option<Instructions> {
    let held = held(webhook, target).filter(|held| held.times < MOST)?;
    Some(spoken(
        texts::ONE_MOMENT,
        [Kind::Pause(Pause { length: Some(WAIT) }), Kind::Redirect(Redirect { path: held.address(target) })],
    ))
}

/// Says that it did not work, and hangs up; none for somebody who is not held.
pub fn farewell(webhook: &Webhook, target: &str) -> Option<Instructions> {
    let text = match held(webhook, target)?.key {
        Some(_) => texts::KEY_NOT_TAKEN,
        None => texts::NOT_CONNECTED,
    };
    Some(spoken(text, [Kind::Hangup(Hangup {})]))
}

/// What is remembered of them by now. Only addresses with a tag are those of a conversation of ours; speech is too long to
/// be remembered.
fn held(webhook: &Webhook, target: &str) -> Option<Held> {
    if webhook.tag.is_empty() {
        return None;
    }
    let held = Held::read(target);
    match webhook.event.as_ref()? {
        Event::DigitsGathered(gathered) if gathered.speech.is_empty() => {
            Some(Held { key: key(&gathered.digits), ..held })
        }
        Event::CallAnswered(answered) => {
            let answered_by = answered.call.as_ref().map(|call| call.answered_by.clone()).unwrap_or_default();
            Some(Held { answered_by, ..held })
        }
        _ => None,
    }
}

fn spoken(text: &str, then: impl IntoIterator<Item = Kind>) -> Instructions {
    let say = Kind::Say(Say { text: text.to_owned(), ..Default::default() });
    let verbs = [say].into_iter().chain(then).map(|kind| Verb { kind: Some(kind) }).collect();
    Instructions { verbs, ..Default::default() }
}
