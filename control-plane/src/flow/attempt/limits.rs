//! What the limits of a workspace are held against: what was spent, and how often and how much was reached lately.

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use sea_orm::ConnectionTrait;

use crate::{
    domain::{error::Result, guard::Purse, money::Money, outbound::Limits, time::Timestamp},
    store::{Scope, attempt as attempts},
};

/// Calls and messages to a number in the last 24 hours, and how many there may be; `None` for no limit.
pub(super) async fn frequency<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    limits: &Limits,
    to: &str,
    now: Timestamp,
) -> Result<Option<(u32, u32)>> {
    let most = limits.daily_attempts_per_number;
    if most == 0 {
        return Ok(None);
    }
    Ok(Some((attempts::begun(scope, Some(to), now - Duration::days(1)).await?, most)))
}

/// Calls and messages of the workspace in the last minute, and how many there may be; `None` for no limit.
pub(super) async fn volume<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Option<(u32, u32)>> {
    let most = limits.attempts_per_minute;
    if most == 0 {
        return Ok(None);
    }
    Ok(Some((attempts::begun(scope, None, now - Duration::minutes(1)).await?, most)))
}

/// The tighter one of the day's and the month's budget.
pub(super) async fn purse<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    (limits, estimate): (&Limits, Money),
    now: Timestamp,
) -> Result<Option<Purse>> {
    let day = now.date_naive();
    let month = day.with_day(1).unwrap_or(day);
    let mut tightest: Option<Purse> = None;
    for (limit, since) in [(limits.daily, day), (limits.monthly, month)] {
        let Some(limit) = limit else { continue };
        let spent = Money { currency: limit.currency, micros: attempts::spent(scope, midnight(since)).await? };
        let purse = Purse { spent, limit, estimate };
        let left = |purse: &Purse| purse.limit.micros.saturating_sub(purse.spent.micros);
        if tightest.as_ref().is_none_or(|tightest| left(&purse) < left(tightest)) {
            tightest = Some(purse);
        }
    }
    Ok(tightest)
}

fn midnight(day: NaiveDate) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc()
}
