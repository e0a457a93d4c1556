//! What somebody wrote back: JOIN and MISS answer what the sender was last told of, STOP and START are kept whatever the event.

use chrono::Duration;

use super::{run, wake::LONGEST_TEXT};
use crate::{
    domain::{
        contact::Contact,
        dnc::Source,
        e164::E164,
        error::{Error, Result},
        id::{ContactId, IncidentId},
        incident::{CheckIn, Event, Incident, Outcome},
        ladder::Occasion,
        party::Party,
        talk::texts,
        time::Timestamp,
        zone::Zone,
    },
    flow::{Journal, consent},
    store::{self, Kept},
};

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
/// What somebody was told longer ago is not what they reply to.
const FRESH: Duration = Duration::hours(24);

/// Takes in what somebody wrote, in the journal's workspace; says what is written back. STOP and START are answered by Twilio,
/// and strangers not at all: one machine that answers another one has no end.
pub async fn replied(journal: &mut Journal<'_>, from: &Party, reply: Reply) -> Result<Option<String>> {
    let Some(number) = from.e164() else { return Ok(None) };
    let check_in = match reply {
        Reply::Stop => return consent::opt_out(journal, &number, Source::SmsStop).await.map(|_| None),
        Reply::Start => return consent::opt_in(journal, &number, "sms-start").await.map(|_| None),
        Reply::Join => CheckIn::Joined,
        Reply::Miss => CheckIn::Missed,
    };
    let people = store::contact::by_phone(&journal.scope(), &number).await?;
    let Some(first) = people.first() else { return Ok(None) };
    let answer = match meant(journal, &people).await? {
        Some((id, person)) => said(journal, id, person, check_in).await?,
        None => texts(first.profile.language.as_str()).wrote_nothing.to_owned(),
    };
    Ok(may_write(journal, &number).await?.then_some(answer))
}

/// The incident that a word is about, and who of those with the number says it: the latest one they were called or written to
/// about that is open, otherwise the latest one at all, and whoever was told of none answers their own next one.
async fn meant<'a>(journal: &Journal<'_>, people: &'a [Contact]) -> Result<Option<(IncidentId, &'a Contact)>> {
    let scope = journal.scope();
    let ids = || people.iter().map(|contact| contact.id).collect();
    let person = |id: ContactId| people.iter().find(|contact| contact.id == id);
    let told = store::incident::steps::reached(&scope, ids(), journal.now - FRESH).await?;
    let open = store::incident::open_among(&scope, told.iter().map(|(incident, _)| *incident).collect()).await?;
    let latest_open = told.iter().find(|(incident, _)| open.contains(incident));
    if let Some((incident, contact)) = latest_open.or(told.first()) {
        return Ok(person(*contact).map(|person| (*incident, person)));
    }
    let next = store::incident::open_of(&scope, ids()).await?.into_iter().next();
    Ok(next.and_then(|(incident, contact)| Some((incident, person(contact)?))))
}

/// Tells the incident, and says what became of that.
async fn said(journal: &mut Journal<'_>, id: IncidentId, person: &Contact, check_in: CheckIn) -> Result<String> {
    let texts = texts(person.profile.language.as_str());
    let held = Incident::load(journal.txn(), journal.workspace, id).await?;
    let Some(held) = held else { return Ok(texts.wrote_nothing.to_owned()) };
    let by = person.profile.display_name.clone();
    let before = held.clone();
    let confirmed = match check_in {
        CheckIn::Joined => texts.wrote_joined,
        CheckIn::Missed => texts.wrote_missed,
    };
    let text = match run(journal, held, Event::CheckedIn { check_in, by: by.clone() }, SENDER).await? {
        Ok(_) => confirmed,
        Err(refusal) if refusal.reason != "INCIDENT_RESOLVED" => return Err(Error::from(refusal)),
        // Whoever says the same twice hears the same twice.
        Err(_) if is_said(&before, check_in) && before.answered_by == by => confirmed,
        Err(_) if before.answered_by.is_empty() => texts.wrote_already,
        Err(_) => texts.wrote_already_by,
    };
    Ok(filled(text, &before, journal.now))
}

fn is_said(held: &Incident, check_in: CheckIn) -> bool {
    check_in == CheckIn::Joined && held.outcome == Some(Outcome::Joined)
}

fn filled(text: &str, held: &Incident, now: Timestamp) -> String {
    let name = &held.answered_by;
    Occasion { title: &held.title, name, start: held.start_time, zone: Zone::UTC, now }.fill(text, LONGEST_TEXT)
}

/// Nobody is written to while nothing may go out, nor whoever must not be called.
async fn may_write(journal: &Journal<'_>, number: &E164) -> Result<bool> {
    let scope = journal.scope();
    let is_held_back = journal.ctx().facts.simulated || store::outbound::policy(&scope).await?.stopped;
    Ok(!is_held_back && store::dnc::find(&scope, number).await?.is_none())
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use crate::domain::talk::texts;

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

    #[test]
    fn nothing_that_we_write_back_is_a_word_that_we_would_answer() {
        for language in ["en", "de", "fr", "es"] {
            let texts = texts(language);
            let all = [
                texts.wrote_joined,
                texts.wrote_missed,
                texts.wrote_already,
                texts.wrote_already_by,
                texts.wrote_nothing,
            ];
            for text in all {
                let text = text.replace("{title}", "JOIN").replace("{name}", "STOP");
                assert_eq!(Reply::of(&text), None, "{text}");
            }
        }
    }
}
