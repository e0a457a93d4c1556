//! What a vendor's refusal means beyond its attempt: who opted out there is on our list from then on, and an account that is
//! suspended or has lost its credentials is looked at.

use crate::{
    domain::{
        attempt::{Attempt, Event},
        dnc::Source,
        error::Result,
        outcome::Outcome,
        setback::{Advice, Setback},
    },
    flow::{Journal, consent},
};

/// Heeds it; says whether the account's health should be looked at.
pub async fn heed(journal: &mut Journal<'_>, attempt: &Attempt, event: &Event) -> Result<bool> {
    let Event::Created { outcome: Outcome::Refused(refused), .. } = event else { return Ok(false) };
    let Setback { advice, alarm, feeds_health, why } = Setback::of_refusal(refused);
    if alarm {
        tracing::warn!(attempt = %attempt.id, code = refused.code, "people are not reached until somebody puts this right: {why}");
    }
    if advice == Advice::OptedOut
        && let Some(number) = attempt.to.e164()
    {
        consent::opt_out(journal, &number, Source::SmsStop).await?;
    }
    Ok(feeds_health)
}
