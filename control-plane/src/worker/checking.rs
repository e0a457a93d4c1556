//! Asks the operator's do-not-call checker, if there is one, before a phone rings or a text is sent. No transaction is open
//! meanwhile, and what it said is stored before the vendor is asked.

use std::sync::Arc;

use super::{Crew, attempt::unwanted};
use crate::{
    domain::{
        attempt::{Attempt, Event, Said},
        dnc::Unanswered,
        error::Result,
    },
    flow::attempt,
    provider::dnc_checker::DncChecker,
    store::effect::Claim,
};

/// Who is asked, and what follows when nobody answers.
#[derive(Clone)]
pub struct Checker {
    /// Who is asked.
    pub port: Arc<dyn DncChecker>,
    /// What follows when nobody answers.
    pub rule: Unanswered,
}

/// What keeps the vendor from being asked; `None` when nothing does.
pub(super) async fn held_back(crew: &Crew, claim: &Claim, (attempt, round): (&Attempt, u32)) -> Result<Option<Event>> {
    // What has no number cannot be made either.
    let (Some(Checker { port, rule }), Some(number)) = (&crew.checker, attempt.to.e164()) else { return Ok(None) };
    let outcome = port.check(claim.workspace, attempt.channel, &number).await;
    let said = Said::of(outcome, *rule);
    crew.ctx.metrics.escalation.checked(&said);
    if let Said::Nothing { why, rule } = &said {
        tracing::warn!(attempt = %attempt.id, rule = rule.as_str(), "the do-not-call checker said nothing: {why}");
    }
    let goes_on = said.lets_through();
    let event = Event::Checked { round, said };
    if !goes_on {
        return Ok(Some(event));
    }
    // Asking takes time: what is not wanted any more by now is not made.
    match attempt::checked(&crew.ctx, claim.workspace, attempt.id, event).await? {
        Some(attempt) => unwanted(crew, claim, (&attempt, round)).await,
        None => Ok(Some(Event::Stopped { round, reason: "withdrawn", error: String::new() })),
    }
}
