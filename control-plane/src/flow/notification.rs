//! Telling people, in the transaction in which the event happens: one mail an event, whatever repeats it.

use super::{Context, Journal, seen};
use crate::{
    domain::{
        email::EmailAddress,
        error::Result,
        id::NotificationId,
        machine::{Machine, Step},
        notification::{Event, Kind, Means, Notice, Notification, Work},
    },
    store::{Kept, monitor_policy, notification as store},
};

/// What this server sends mail with.
pub fn means(ctx: &Context) -> Means {
    match ctx.facts.mail {
        Some(_) => Means::Vendor,
        None => Means::None,
    }
}

/// Tells those whom the workspace's policy names of a failover; nothing if they were told of it before.
pub async fn tell(journal: &mut Journal<'_>, notice: &Notice) -> Result<()> {
    let resource = notice.failover_id.to_string();
    if store::of(&journal.scope(), &resource, notice.kind).await?.is_some() {
        return Ok(());
    }
    let policy = monitor_policy::of(&journal.scope()).await?;
    let id = NotificationId::fresh(&*journal.ctx().ids);
    let (subject, text) = (notice.subject(), notice.text(id));
    add(journal, Draft { id, kind: notice.kind, resource, recipients: policy.recipients, subject, text }).await?;
    Ok(())
}

/// Tells those whom the workspace's policy names of something else, once.
pub async fn tell_of(
    journal: &mut Journal<'_>,
    (kind, resource): (Kind, String),
    (subject, text): (String, String),
) -> Result<()> {
    if store::of(&journal.scope(), &resource, kind).await?.is_some() {
        return Ok(());
    }
    let policy = monitor_policy::of(&journal.scope()).await?;
    let id = NotificationId::fresh(&*journal.ctx().ids);
    add(journal, Draft { id, kind, resource, recipients: policy.recipients, subject, text }).await?;
    Ok(())
}

/// Sends a mail that says no more than that mail arrives.
pub async fn test(journal: &mut Journal<'_>, recipients: Vec<EmailAddress>) -> Result<Notification> {
    let id = NotificationId::fresh(&*journal.ctx().ids);
    let subject = "Callplane: a test mail".to_owned();
    let text = format!("Mail from Callplane arrives.\n\n-- \nCallplane, {id}\n");
    add(journal, Draft { id, kind: Kind::Test, resource: id.to_string(), recipients, subject, text }).await
}

/// Sends again what was given up.
pub async fn resend(journal: &mut Journal<'_>, id: NotificationId, etag: &str) -> Result<Notification> {
    let held: Notification = seen(journal, id, etag).await?;
    let step = held.step(Event::ResendRequested(means(journal.ctx())), journal.now)?;
    journal.take(held.version, id, step).await
}

struct Draft {
    id: NotificationId,
    kind: Kind,
    resource: String,
    recipients: Vec<EmailAddress>,
    subject: String,
    text: String,
}

async fn add(journal: &mut Journal<'_>, draft: Draft) -> Result<Notification> {
    let Draft { id, kind, resource, recipients, subject, text } = draft;
    let new = Notification {
        id,
        workspace_id: journal.workspace,
        kind,
        resource,
        recipients,
        subject,
        text,
        work: Work::NotConfigured,
        attempt: 0,
        last_error: String::new(),
        vendor_message_id: String::new(),
        simulated: false,
        send_time: None,
        version: 0,
        create_time: journal.now,
        update_time: journal.now,
    };
    let Step { next, effects, news } = new.step(Event::Told(means(journal.ctx())), journal.now)?;
    let next = next.stamped(1, journal.now);
    store::insert(journal.txn(), &next).await?;
    journal.publish(&next, id, effects, news).await?;
    Ok(next)
}
