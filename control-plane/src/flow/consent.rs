//! What people allow and take back, and how they opt out and in. For requests, and for webhooks inside the transaction that
//! stores them: both ways are idempotent, so that a webhook may come twice.

use serde_json::json;

use super::{Journal, dnc};
use crate::{
    domain::{
        consent::{Address, Channel, Consent, ConsentState},
        dnc::Source,
        e164::E164,
        error::{Error, Result},
        id::{ConsentId, WorkspaceId},
        time::Timestamp,
    },
    store::{Scope, consent as store},
};

/// What somebody said.
pub struct New {
    /// Where they are reached.
    pub address: Address,
    /// How.
    pub channel: Channel,
    /// Whether they allow it.
    pub state: ConsentState,
    /// Where they said so, as a word.
    pub source: String,
    /// What proves it.
    pub evidence: String,
    /// When they said so; none for now.
    pub consent_time: Option<Timestamp>,
}

/// Records what somebody said. What was said later still counts.
pub async fn record(journal: &mut Journal<'_>, new: New) -> Result<Consent> {
    record_in(journal, journal.workspace, new).await
}

/// Puts a number on the do-not-call list and takes back its consent to SMS; says whether the list changed.
pub async fn opt_out(journal: &mut Journal<'_>, number: &E164, source: Source) -> Result<bool> {
    opt_out_in(journal, journal.workspace, number, source).await
}

/// The same in a workspace that is not the journal's: a batch of webhooks can touch many.
pub async fn opt_out_in(
    journal: &mut Journal<'_>,
    workspace: WorkspaceId,
    number: &E164,
    source: Source,
) -> Result<bool> {
    let is_new = dnc::add_in(journal, workspace, number, source, String::new()).await?.1;
    settle(journal, workspace, number, (ConsentState::Revoked, source.as_str())).await?;
    Ok(is_new)
}

/// Takes a number off the do-not-call list if it is there because its owner wrote STOP, and records its consent to SMS; says
/// whether the list changed. `source` is where its owner said so, as a word such as `sms-start`.
pub async fn opt_in(journal: &mut Journal<'_>, number: &E164, source: &str) -> Result<bool> {
    opt_in_in(journal, journal.workspace, number, source).await
}

/// The same in a workspace that is not the journal's.
pub async fn opt_in_in(journal: &mut Journal<'_>, workspace: WorkspaceId, number: &E164, source: &str) -> Result<bool> {
    let was_listed = dnc::take_back_in(journal, workspace, number, Source::SmsStop).await?;
    settle(journal, workspace, number, (ConsentState::Granted, source)).await?;
    Ok(was_listed)
}

/// Records a consent to SMS unless it is the one that counts already.
async fn settle(
    journal: &mut Journal<'_>,
    workspace: WorkspaceId,
    number: &E164,
    (state, source): (ConsentState, &str),
) -> Result<()> {
    let scope = Scope::new(journal.txn(), workspace);
    let counting = store::latest(&scope, number.as_str(), Channel::Sms).await?;
    if counting.is_some_and(|consent| consent.state == state) {
        return Ok(());
    }
    let new = New {
        address: number.into(),
        channel: Channel::Sms,
        state,
        source: source.to_owned(),
        evidence: String::new(),
        consent_time: None,
    };
    record_in(journal, workspace, new).await?;
    Ok(())
}

async fn record_in(journal: &mut Journal<'_>, workspace: WorkspaceId, new: New) -> Result<Consent> {
    let New { address, channel, state, source, evidence, consent_time } = new;
    address.check(channel)?;
    if consent_time.is_some_and(|time| time > journal.now) {
        return Err(Error::invalid("consent_time", "expected a time that is not in the future"));
    }
    let consent = Consent {
        id: ConsentId::fresh(&*journal.ctx().ids),
        workspace_id: workspace,
        address,
        channel,
        state,
        source,
        evidence,
        consent_time: consent_time.unwrap_or(journal.now),
        create_time: journal.now,
    };
    store::insert(journal.txn(), &consent).await?;
    let data = json!({ "channel": consent.channel, "state": consent.state, "source": consent.source });
    journal.tell_in(workspace, "consent.recorded", &consent.id, data);
    Ok(consent)
}
