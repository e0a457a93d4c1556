//! What somebody wrote back: JOIN and MISS answer the next event of the sender, STOP and START are kept whatever the event.

use crate::{
    domain::{
        dnc::Source,
        error::{Error, Result},
        incident::{CheckIn, Event, Incident},
        party::Party,
    },
    flow::{Journal, consent},
    store::{self, Kept},
};

use super::run;

/// What a text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The person comes.
    Join,
    /// The person does not come.
    Miss,
    /// Never again.
    Stop,
    /// Again, please.
    Start,
}

impl Reply {
    /// Reads the first word of a text, in any case. The words that end and begin messages are those that Twilio and the
    /// carriers know.
    pub fn of(body: &str) -> Option<Self> {
        let word: String = body.trim().split(|c: char| !c.is_alphanumeric()).next()?.to_uppercase();
        Some(match word.as_str() {
            "JOIN" | "JOINED" | "YES" | "1" => Self::Join,
            "MISS" | "MISSED" | "NO" | "2" => Self::Miss,
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => Self::Stop,
            "START" | "UNSTOP" => Self::Start,
            _ => return None,
        })
    }
}

const SENDER: &str = "sms";

/// Takes in what somebody wrote, in the journal's workspace.
pub async fn replied(journal: &mut Journal<'_>, from: &Party, reply: Reply) -> Result<()> {
    let Some(number) = from.e164() else { return Ok(()) };
    let check_in = match reply {
        Reply::Stop => return consent::opt_out(journal, &number, Source::SmsStop).await.map(drop),
        Reply::Start => return consent::opt_in(journal, &number, "sms-start").await.map(drop),
        Reply::Join => CheckIn::Joined,
        Reply::Miss => CheckIn::Missed,
    };
    let people = store::contact::by_phone(&journal.scope(), &number).await?;
    let by = people.first().map(|contact| contact.profile.display_name.clone()).unwrap_or_default();
    let open = store::incident::open_of(&journal.scope(), people.iter().map(|contact| contact.id).collect()).await?;
    for id in open {
        let Some(held) = Incident::load(journal.txn(), journal.workspace, id).await? else { continue };
        let event = Event::CheckedIn { check_in, by: by.clone() };
        match run(journal, held, event, SENDER).await? {
            Ok(_) => return Ok(()),
            Err(refusal) if refusal.reason == "STALE" || refusal.reason == "INCIDENT_RESOLVED" => {}
            Err(refusal) => return Err(Error::from(refusal)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Reply;

    #[test]
    fn the_first_word_counts_in_any_case() {
        for (body, reply) in [
            ("join", Some(Reply::Join)),
            (" Stop. Please", Some(Reply::Stop)),
            ("MISS!", Some(Reply::Miss)),
            ("unstop", Some(Reply::Start)),
            ("I join later", None),
            ("", None),
        ] {
            assert_eq!(Reply::of(body), reply, "{body}");
        }
    }
}
