//! Looks at one calendar: fetches it, reads it, and takes up what it says before anybody is told that it was read. A worker that
//! stops in the middle is followed by one that begins again. The address is opened for the request and not kept.

use std::{collections::BTreeMap, time::Duration};

use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;

use super::Crew;
use crate::{
    domain::{
        calendar::{self, Feed, FeedUrl, plan},
        calendar_feed::{CalendarFeed, Directory, Look, Reading, addresses, batches, skipped, wanted},
        error::{Error, Kind, Result},
        id::{CalendarFeedId, WorkspaceId},
        ladder::Ladder,
        meeting::{Meeting, lacks_stand_in, reaches, same_address},
        outcome::{Cause, Outcome, Refused},
        policy::Policy,
        time::Timestamp,
        zone::Zone,
    },
    flow::{
        calendar_feed::{reach, take_in},
        vault,
    },
    provider::calendar::Fetched,
    store::{self, Scope},
};

/// Others are looked at by the same workers.
const DEADLINE: Duration = Duration::from_secs(10);

/// What committed shortly before a reading began may not have been seen by it.
const MARGIN: chrono::Duration = chrono::Duration::seconds(10);

/// Looks at it; `None` when it is gone.
pub async fn look(crew: &Crew, workspace: WorkspaceId, id: CalendarFeedId) -> Result<Option<Outcome<Look>>> {
    let scope = Scope::new(crew.ctx.store.read(), workspace);
    let Some(feed) = store::calendar_feed::by_id(&scope, id).await? else { return Ok(None) };
    let now = crew.ctx.clock.now();
    let is_whole = feed.is_read_whole(now) || is_overtaken(crew, &feed).await?;
    let fetched = match address(crew, &feed).await? {
        Ok(url) => {
            let known = |validator: &Option<String>| validator.clone().filter(|_| !is_whole);
            let (etag, since) = (known(&feed.etag), known(&feed.last_modified));
            crew.feeds.fetch(&url, etag.as_deref(), since.as_deref(), DEADLINE).await
        }
        Err(refused) => Outcome::Refused(refused),
    };
    Ok(Some(match fetched {
        Outcome::Refused(refused) => Outcome::Refused(refused),
        Outcome::Unknown(why) => Outcome::Unknown(why),
        Outcome::Done(Fetched::NotModified) => Outcome::Done(Look::Unchanged),
        Outcome::Done(Fetched::Body { text, etag, last_modified }) => match read(crew, &feed, text, now).await {
            Ok(reading) => {
                let reading = Reading { etag, last_modified, read_time: now, ..reading };
                Outcome::Done(Look::Read(Box::new(reading)))
            }
            // What the calendar says cannot be taken up as things are, and may be later.
            Err(error) if matches!(error.kind, Kind::InvalidArgument | Kind::FailedPrecondition) => {
                Outcome::Refused(refused(error.message))
            }
            Err(error) => return Err(error),
        },
    }))
}

/// Whether something else changed what the calendar means since it was read: whom we know, or what another calendar holds.
async fn is_overtaken(crew: &Crew, feed: &CalendarFeed) -> Result<bool> {
    let Some(read) = feed.read_time else { return Ok(true) };
    let scope = Scope::new(crew.ctx.store.read(), feed.workspace_id);
    let since = read - MARGIN;
    Ok(store::contact::has_changed(&scope, since).await? || store::meeting::was_let_go(&scope, feed.id, since).await?)
}

async fn address(crew: &Crew, feed: &CalendarFeed) -> Result<std::result::Result<FeedUrl, Refused>> {
    let mut opened = vault::open(&crew.ctx, crew.ctx.store.read(), vec![feed.id.uuid()]).await?;
    let sealed = opened.take(&vault::calendar_url(feed.id));
    let sealed = sealed.ok_or_else(|| Error::internal("a calendar without an address"))?;
    let url = FeedUrl::read("url", sealed.expose_secret(), reach(&crew.ctx));
    Ok(url.map_err(|error| refused(error.message)))
}

fn refused(message: String) -> Refused {
    Refused { cause: Cause::Invalid, code: 0, http_status: 0, message }
}

/// Reads a calendar and takes it up.
async fn read(crew: &Crew, feed: &CalendarFeed, text: String, now: Timestamp) -> Result<Reading> {
    let scope = Scope::new(crew.ctx.store.read(), feed.workspace_id);
    let (window, zone) = (CalendarFeed::window(now), zone(&scope, feed).await?);
    // Eight megabytes take their time.
    let (start, said) = (window.start, move || calendar::read(&text, &window, zone));
    let said = tokio::task::spawn_blocking(said).await.map_err(Error::internal)??;
    let policy = policy(&scope, feed).await?;
    let directory = directory(&scope, &said, &policy.ladder).await?;
    let said = said.for_people(&directory);
    let known = store::meeting::of_feed(&scope, feed.id, start).await?;
    let known: Vec<_> = known.iter().filter_map(Meeting::known).collect();
    let plan = plan(&known, &said, now);
    for some in batches(wanted(&plan, &policy.ladder, now)) {
        take_in(&crew.ctx, (feed, &policy), (&some, &directory)).await?;
    }
    let is_suspicious = plan.is_suspicious;
    Ok(Reading { etag: None, last_modified: None, read_time: now, is_suspicious, skipped: skipped(&said) })
}

/// What its meetings get; nobody would hear of a ladder that is not there, or that turns to somebody who is not.
async fn policy<C: ConnectionTrait>(scope: &Scope<'_, C>, feed: &CalendarFeed) -> Result<Policy> {
    let policy = store::policy::by_id(scope, feed.policy_id).await?;
    let policy = policy.ok_or_else(|| Error::invalid("policy_id", "its escalation policy is gone"))?;
    let there = store::contact::by_ids(scope, feed.stand_ins.clone()).await?;
    if there.len() < feed.stand_ins.len() || lacks_stand_in(&policy.ladder, feed.stand_ins.len()).is_some() {
        return Err(Error::invalid("stand_in_ids", "somebody who is to stand in is not there"));
    }
    Ok(policy)
}

/// In which zone a time is meant that names none.
async fn zone<C: ConnectionTrait>(scope: &Scope<'_, C>, feed: &CalendarFeed) -> Result<Zone> {
    if let Some(zone) = feed.time_zone {
        return Ok(zone);
    }
    let workspace = store::workspace::by_id(scope.db, feed.workspace_id).await?;
    Ok(workspace.and_then(|workspace| workspace.time_zone.parse().ok()).unwrap_or(Zone::UTC))
}

/// Whom the calendar invites that we know and that the ladder reaches. Of several with one address it is the one we have known
/// longest: they may be the same person twice.
async fn directory<C: ConnectionTrait>(scope: &Scope<'_, C>, said: &Feed, ladder: &Ladder) -> Result<Directory> {
    let mut directory = BTreeMap::new();
    for contact in store::contact::by_emails(scope, &addresses(said)).await? {
        let Some(email) = contact.profile.email.as_ref().filter(|_| reaches(ladder, &contact.profile)) else {
            continue;
        };
        directory.entry(same_address(email)).or_insert(contact.id);
    }
    Ok(directory)
}
