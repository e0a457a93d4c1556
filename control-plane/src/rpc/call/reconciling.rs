//! Asking for a look through Twilio's list of calls, and showing how far it came.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, WorkspaceId},
        machine::Machine,
        reconciliation::{Reconciliation, State, Window, Work},
    },
    flow::{Audited, Context, Journal, reconciliation as flow},
    rpc::{
        read::{moment, parse, required},
        show,
    },
    store::{Scope, account, reconciliation as store},
};

/// Wants an account's calls looked for.
pub async fn ask(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::ReconcileCallsRequest,
) -> Result<Reconciliation> {
    let pb::ReconcileCallsRequest { account_id, since_time, validate_only } = request;
    let account: AccountId = parse("account_id", &account_id)?;
    let since = moment("since_time", required("since_time", since_time)?)?;
    flow::can_look(ctx)?;
    let mut journal = Journal::begin(ctx, workspace).await?;
    let window = Window::asked(since, journal.now, journal.now);
    let held = flow::ask(&mut journal, account, window).await?;
    if window.since != since {
        return Err(Error::invalid("since_time", "expected a time within the last 31 days"));
    }
    if !validate_only {
        journal.audit(audited, &account);
        journal.commit().await?;
    }
    Ok(held)
}

/// Reads how an account's reconciliation stands.
pub async fn find(ctx: &Context, workspace: WorkspaceId, account_id: &str) -> Result<Reconciliation> {
    let id: AccountId = parse("account_id", account_id)?;
    let scope = Scope::new(ctx.store.read(), workspace);
    if let Some(held) = store::by_account(&scope, id).await? {
        return Ok(held);
    }
    // A new account gets its row within a minute.
    let account = account::by_id(&scope, id).await?.ok_or_else(|| Error::not_found("account"))?;
    Ok(Reconciliation::new(workspace, id, flow::rhythm(ctx), account.create_time))
}

/// Shows it.
pub fn shown(held: Reconciliation) -> pb::Reconciliation {
    let (state, next_time) = (held.state(), held.deadline());
    let (begun, why) = match &held.work {
        Work::Idle { .. } => (None, ""),
        Work::Listing { look, .. } => (Some(look.window.since), ""),
        Work::Waiting { look, why, .. } => (Some(look.window.since), why.as_str()),
        Work::Settling { window, .. } => (Some(window.since), ""),
    };
    let since = [begun, held.wanted.map(|wanted| wanted.since)].into_iter().flatten().min();
    let tally = held.last.as_ref().map(|last| last.tally).unwrap_or_default();
    let left_out = held.last.as_ref().map_or("", |last| last.problem.as_str());
    pb::Reconciliation {
        account_id: held.account_id.to_string(),
        state: shown_state(state).into(),
        since_time: since.map(show::moment),
        covered_until: Some(show::moment(held.covered_until)),
        end_time: held.last.as_ref().map(|last| show::moment(last.time)),
        listed_count: show::count(tally.listed.into()),
        found_count: show::count(tally.found.into()),
        repaired_count: show::count(tally.repaired.into()),
        problem: if why.is_empty() { left_out } else { why }.to_owned(),
        next_time: next_time.map(show::moment),
    }
}

fn shown_state(state: State) -> pb::ReconciliationState {
    match state {
        State::Idle => pb::ReconciliationState::Idle,
        State::Wanted => pb::ReconciliationState::Wanted,
        State::Listing => pb::ReconciliationState::Listing,
        State::Waiting => pb::ReconciliationState::Waiting,
        State::Settling => pb::ReconciliationState::Settling,
        State::Refused => pb::ReconciliationState::Refused,
    }
}
