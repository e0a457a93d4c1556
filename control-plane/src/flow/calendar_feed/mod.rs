//! What people do with calendars. What a calendar says is taken up in `take_in`.

mod take_in;

pub use take_in::take_in;

use secrecy::SecretString;

use super::{Context, Journal, meeting::faults, seen::seen, vault};
use crate::{
    domain::{
        calendar::{FeedUrl, Reach},
        calendar_feed::{CalendarFeed, Event, State, Work},
        error::{Error, Kind, Result},
        id::{CalendarFeedId, ContactId, PolicyId},
        machine::{Machine, Step},
        meeting::lacks_stand_in,
        zone::Zone,
    },
    store::{self, Kept, calendar_feed as rows, secret},
};

/// The most calendars of a workspace: each costs a request a minute.
const MOST: u64 = 500;

/// A calendar that is to be read.
pub struct NewFeed {
    /// What people call it.
    pub display_name: String,
    /// Whose ladder its meetings get.
    pub policy_id: PolicyId,
    /// The zone of times that name none.
    pub time_zone: Option<Zone>,
    /// Who stands in for each attendee, in order.
    pub stand_ins: Vec<ContactId>,
    /// Where it is.
    pub url: FeedUrl,
}

/// Which addresses this server may fetch.
pub fn reach(ctx: &Context) -> Reach {
    if ctx.facts.dev { Reach::Anywhere } else { Reach::Public }
}

/// Adds a calendar; it is looked at at once.
pub async fn create(journal: &mut Journal<'_>, new: NewFeed) -> Result<CalendarFeed> {
    check(journal, &new).await?;
    let address = SecretString::from(new.url.as_str().to_owned());
    let fresh = fresh(journal, new);
    let Step { next, effects, news } = fresh.step(Event::Created, journal.now)?;
    let next = next.stamped(1, journal.now);
    rows::insert(journal.txn(), &next).await?;
    vault::seal(journal, vault::calendar_url(next.id), &address).await?;
    journal.publish(&next, next.id, effects, news).await?;
    Ok(next)
}

/// Looks at a calendar now, and reads it whole.
pub async fn ask(journal: &mut Journal<'_>, id: CalendarFeedId) -> Result<CalendarFeed> {
    journal.step::<CalendarFeed>(id, Event::Asked).await
}

/// Forgets a calendar. Its meetings stay, and people may move them.
pub async fn delete(journal: &mut Journal<'_>, id: CalendarFeedId, etag: &str) -> Result<()> {
    seen::<CalendarFeed>(journal, id, etag).await?;
    store::meeting::let_go(journal.txn(), id, journal.now).await?;
    secret::forget_all(journal.txn(), id.uuid()).await?;
    rows::delete(journal.txn(), id).await?;
    journal.tell("calendar.deleted", &id, serde_json::json!({}));
    Ok(())
}

async fn check(journal: &Journal<'_>, new: &NewFeed) -> Result<()> {
    let scope = journal.scope();
    let policy = store::policy::by_id(&scope, new.policy_id).await?;
    let policy = policy.ok_or_else(|| Error::invalid("policy_id", "there is no such escalation policy"))?;
    if let Some(place) = lacks_stand_in(&policy.ladder, new.stand_ins.len()) {
        let lacking = format!("the policy has a rung for stand-in {place}, and there is none");
        return Err(Error::invalid("stand_in_ids", lacking));
    }
    let known = store::contact::by_ids(&scope, new.stand_ins.clone()).await?;
    let wrong = faults("stand_in_ids", &new.stand_ins, &known, None);
    if !wrong.is_empty() {
        return Err(Error::violations(wrong));
    }
    match rows::count(&scope).await? < MOST {
        true => Ok(()),
        false => Err(Error::new(
            Kind::ResourceExhausted,
            "TOO_MANY_CALENDARS",
            format!("a workspace has at most {MOST} calendars"),
        )),
    }
}

fn fresh(journal: &Journal<'_>, new: NewFeed) -> CalendarFeed {
    let NewFeed { display_name, policy_id, time_zone, stand_ins, url } = new;
    CalendarFeed {
        id: CalendarFeedId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        display_name,
        policy_id,
        time_zone,
        stand_ins,
        host: url.host().to_owned(),
        state: State::Pending,
        last_error: String::new(),
        work: Work::New,
        round: 0,
        whole_round: 0,
        failures: 0,
        etag: None,
        last_modified: None,
        read_time: None,
        look_time: None,
        skipped: Vec::new(),
        version: 0,
        create_time: journal.now,
        update_time: journal.now,
    }
}
