//! Takes up what a calendar says, some meetings a transaction. Taking up again what was taken up changes nothing, so whoever
//! stops in the middle is simply begun again.

use crate::{
    domain::{
        calendar_feed::{CalendarFeed, Directory, Wanted},
        error::Result,
        policy::Policy,
    },
    flow::{Audited, Context, Journal, again, meeting},
    store::{Kept, meeting as rows},
};

/// Brings some meetings to what the calendar wants of them.
pub async fn take_in(
    ctx: &Context,
    (feed, policy): (&CalendarFeed, &Policy),
    (wanted, directory): (&[Wanted], &Directory),
) -> Result<()> {
    again(|| Box::pin(once(ctx, (feed, policy), (wanted, directory)))).await
}

async fn once(
    ctx: &Context,
    (feed, policy): (&CalendarFeed, &Policy),
    (wanted, directory): (&[Wanted], &Directory),
) -> Result<()> {
    let audited = audited(wanted.len());
    let mut journal = Journal::begin(ctx, feed.workspace_id).await?;
    // Forgotten meanwhile, or looked at by somebody else since.
    match CalendarFeed::load(journal.txn(), feed.workspace_id, feed.id).await? {
        Some(held) if held.round == feed.round => {}
        Some(_) | None => return Ok(()),
    }
    let keys = wanted.iter().map(|wanted| wanted.key().to_owned()).collect();
    let mut held = rows::lock_by_keys(&journal.scope(), keys).await?;
    let mut new = Vec::new();
    for wanted in wanted {
        match (wanted, held.remove(wanted.key())) {
            (Wanted::Keep(said), None) => new.push(said),
            (Wanted::Keep(said), Some(held)) => {
                meeting::follow(&mut journal, held, (feed, policy), (said, directory), &audited.actor).await?;
            }
            (Wanted::Off { .. }, Some(held)) => {
                meeting::call_off(&mut journal, held, feed, &audited.actor).await?;
            }
            (Wanted::Off { .. }, None) => {}
        }
    }
    meeting::take_up(&mut journal, (feed, policy), (&new, directory), &audited.actor).await?;
    journal.audit(&audited, &feed.id);
    journal.commit().await
}

fn audited(meetings: usize) -> Audited {
    let request = serde_json::json!({ "meetings": meetings });
    Audited { actor: "calendar".to_owned(), method: "effect/fetch-calendar".to_owned(), request }
}
