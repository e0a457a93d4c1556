//! What a caller gets when no control plane answers. Only from the number's own fallback instructions, and never in a way
//! that could repeat for ever.

use callplane_proto::edge::v1::{CallFacts, Hangup, Instructions, Webhook, verb::Kind, webhook::Event};

use super::answer::only;
use crate::{state::Directory, translate::e164};

/// Instructions for now; `None` for 503, after which Twilio asks the fallback URL or tries again.
pub fn instructions(directory: &Directory, account_sid: &str, webhook: &Webhook) -> Option<Instructions> {
    match webhook.event.as_ref()? {
        // The caller has spoken. The fallback would most likely ask for a voicemail again; Twilio keeps the recording and
        // reports it by the recording callback, which it repeats.
        Event::VoicemailLeft(_) => Some(only(Kind::Hangup(Hangup {}))),
        // Both sides have talked, and the other one has hung up.
        Event::DialEnded(ended) if ended.dial_bridged == Some(true) => Some(only(Kind::Hangup(Hangup {}))),
        Event::DialEnded(ended) => of_number(directory, account_sid, ended.call.as_ref()?),
        Event::CallReceived(received) => of_number(directory, account_sid, received.call.as_ref()?),
        Event::DigitsGathered(gathered) => of_number(directory, account_sid, gathered.call.as_ref()?),
        Event::AnswerFailed(failed) => of_number(directory, account_sid, failed.call.as_ref()?),
        // A person we called must not hear what is meant for people who call us.
        Event::CallAnswered(_) => None,
        Event::CallProgressed(_) | Event::RecordingProgressed(_) => None,
        Event::MessageReceived(_) | Event::MessageProgressed(_) => None,
    }
}

fn of_number(directory: &Directory, account_sid: &str, call: &CallFacts) -> Option<Instructions> {
    if call.direction.starts_with("outbound") {
        return None;
    }
    let number = e164(&call.to)?;
    let owner = directory.owner(number)?;
    if *owner == *account_sid { directory.fallback(number) } else { None }
}

#[cfg(test)]
mod tests {
    use callplane_proto::edge::v1::{
        CallFacts, CallReceived, DialEnded, Hangup, NumberState, StateChange, VoicemailLeft, WatchStateResponse,
        Webhook, state_change, verb::Kind, webhook::Event,
    };

    use super::{instructions, only};
    use crate::{
        serve::answer,
        state::{Directory, Feed},
    };

    fn directory() -> Directory {
        let fallback = Some(answer::only(Kind::Redirect(Default::default())));
        let number = NumberState { e164: "+15005550006".into(), account_sid: "AC1".into(), fallback };
        let changes = vec![StateChange { kind: Some(state_change::Kind::Number(number)) }];
        let directory = Directory::default();
        let part = WatchStateResponse { changes, snapshot_begin: true, snapshot_complete: true, ..Default::default() };
        Feed::default().apply(&directory, part);
        directory
    }

    fn call(direction: &str) -> Option<CallFacts> {
        Some(CallFacts { to: "+15005550006".into(), direction: direction.into(), ..Default::default() })
    }

    fn webhook(event: Event) -> Webhook {
        Webhook { event: Some(event), ..Default::default() }
    }

    #[tokio::test]
    async fn a_caller_gets_the_fallback_of_the_number_and_of_no_other_account() {
        let received = webhook(Event::CallReceived(CallReceived { call: call("inbound") }));
        assert!(instructions(&directory(), "AC1", &received).is_some());
        assert!(instructions(&directory(), "AC2", &received).is_none());
        let dialled = webhook(Event::DialEnded(DialEnded { call: call("outbound-api"), ..Default::default() }));
        assert!(instructions(&directory(), "AC1", &dialled).is_none());
    }

    #[tokio::test]
    async fn a_voicemail_or_a_finished_conversation_ends_instead_of_beginning_again() {
        let hangup = Some(only(Kind::Hangup(Hangup {})));
        let left = webhook(Event::VoicemailLeft(VoicemailLeft { call: call("inbound"), ..Default::default() }));
        assert_eq!(instructions(&directory(), "AC1", &left), hangup);
        let bridged = DialEnded { call: call("inbound"), dial_bridged: Some(true), ..Default::default() };
        assert_eq!(instructions(&directory(), "AC1", &webhook(Event::DialEnded(bridged))), hangup);
    }
}
