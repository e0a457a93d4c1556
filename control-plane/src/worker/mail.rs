//! Hands one notification to the mail vendor. The mail is read from its row: an effect holds no address.

use super::Crew;
use crate::{
    domain::{
        error::Result,
        id::{NotificationId, WorkspaceId},
        notification::{Notification, Taken},
        outcome::{Cause, Outcome, Refused},
    },
    provider::mail::Mail,
    store::{Scope, notification},
};

/// Sends it.
pub async fn send(crew: &Crew, workspace: WorkspaceId, id: NotificationId) -> Result<Outcome<Taken>> {
    let Some(mailer) = &crew.mailer else {
        return Ok(refused("the server has no mail vendor; set CALLPLANE_MAIL"));
    };
    let scope = Scope::new(crew.ctx.store.read(), workspace);
    let Some(held) = notification::by_id(&scope, id).await? else {
        return Ok(refused("the notification is gone"));
    };
    let Notification { id, recipients: to, subject, text, .. } = held;
    Ok(mailer.send(&Mail { id: id.to_string(), to, subject, text }).await)
}

fn refused(why: &str) -> Outcome<Taken> {
    Outcome::Refused(Refused { cause: Cause::Invalid, code: 0, http_status: 0, message: why.to_owned() })
}
