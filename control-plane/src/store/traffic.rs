//! How the calls of an account went, counted by the database: lately, and at this time of the last seven days. Calls are
//! found by their number, for which there is an index; a call without one of our numbers is not the account's traffic. What
//! the account was asked to make is in the attempts.

use std::collections::BTreeMap;

use chrono::Duration;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::{
    Scope, attempt,
    entity::{
        call::{Column, Entity},
        phone_number,
    },
    failed,
};
use crate::domain::{
    call::{Call, Direction, Source, Status},
    country::Country,
    e164::E164,
    error::Result,
    id::{AccountId, PhoneNumberId},
    monitor::{LatelyHeard, Norm},
    time::Timestamp,
};

const QUARTER: Duration = Duration::minutes(15);
const RECENT: Duration = Duration::minutes(5);
const HOUR: Duration = Duration::hours(1);
/// After so long a webhook has told of a call, if any will: Twilio delivers within seconds.
const TOLD: Duration = Duration::minutes(1);
/// So many days say what is usual.
const DAYS: i32 = 7;
/// A share does not change much with more calls than these.
const ENOUGH: u64 = 1000;
/// Nor with more of the workspace's attempts, which are documents to be read.
const ATTEMPTS: u64 = 200;

/// The calls of the account's numbers that began within the time.
fn of_account<C>(scope: &Scope<'_, C>, account: AccountId, from: Timestamp, until: Timestamp) -> Select<Entity> {
    let numbers = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::Id)
        .filter(phone_number::Column::WorkspaceId.eq(scope.workspace))
        .filter(phone_number::Column::AccountId.eq(account))
        .into_query();
    Entity::find()
        .filter(Column::PhoneNumberId.in_subquery(numbers))
        .filter(Column::StartTime.gte(from))
        .filter(Column::StartTime.lt(until))
}

fn answered() -> Condition {
    let words = [Status::InProgress, Status::Completed].map(Status::as_str);
    Condition::all().add(Column::Direction.eq(Direction::Inbound.as_str())).add(Column::Status.is_in(words))
}

/// How they went lately.
pub async fn lately<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    now: Timestamp,
) -> Result<LatelyHeard> {
    let soon = now + HOUR;
    let by_number = of_account(scope, account, now - QUARTER, soon)
        .select_only()
        .column(Column::PhoneNumberId)
        .column_as(Column::Id.count(), "calls")
        .filter(answered())
        .group_by(Column::PhoneNumberId);
    let by_number: Vec<(Option<PhoneNumberId>, i64)> = by_number.into_tuple().all(scope.db).await.map_err(failed)?;
    let answered = by_number.into_iter().filter_map(|(number, calls)| Some((number?, count(calls)))).collect();
    let recent = of_account(scope, account, now - RECENT, soon)
        .filter(Column::Direction.eq(Direction::Inbound.as_str()))
        .order_by_desc(Column::StartTime)
        .limit(ENOUGH);
    let recent: Vec<Call> =
        recent.all(scope.db).await.map_err(failed)?.into_iter().map(Call::from).filter(is_decided).collect();
    let of = |is: fn(&Call) -> bool| u32::try_from(recent.iter().filter(|call| is(call)).count()).unwrap_or(u32::MAX);
    let (asked, refused) = attempt::refusals(scope, account, now - QUARTER, ATTEMPTS).await?;
    let (due, unheard) = unheard(scope, account, now).await?;
    let hourly = of_account(scope, account, now - HOUR, soon);
    let hourly = hourly.select_only().column_as(Column::Id.count(), "calls").into_tuple::<i64>();
    Ok(LatelyHeard {
        answered,
        recent: of(|_| true),
        recent_missed: of(is_missed),
        recent_unreached: of(|call| !call.tried_agent_ids.is_empty()),
        hourly: count(hourly.one(scope.db).await.map_err(failed)?.unwrap_or_default()),
        outbound: outbound(scope, account, now - HOUR, soon).await?,
        asked,
        refused,
        due,
        unheard,
    })
}

/// Calls that somebody should have told of by now, and those that nobody told of.
async fn unheard<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId, now: Timestamp) -> Result<(u32, u32)> {
    let due = of_account(scope, account, now - QUARTER, now - TOLD).order_by_desc(Column::StartTime).limit(ENOUGH);
    let due: Vec<Call> = due.all(scope.db).await.map_err(failed)?.into_iter().map(Call::from).collect();
    let is_unheard = |call: &&Call| call.source == Source::Reconciled && !call.simulated;
    let number = |calls: usize| u32::try_from(calls).unwrap_or(u32::MAX);
    Ok((number(due.len()), number(due.iter().filter(is_unheard).count())))
}

/// A caller who hangs up while it rings says nothing about us.
fn is_decided(call: &Call) -> bool {
    call.status == Status::InProgress || (call.status.is_final() && call.status != Status::Canceled)
}

fn is_missed(call: &Call) -> bool {
    matches!(call.status, Status::Failed | Status::NoAnswer | Status::Busy)
}

async fn outbound<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<Country, u32>> {
    let called = of_account(scope, account, from, until)
        .select_only()
        .column(Column::ToNumber)
        .filter(Column::Direction.ne(Direction::Inbound.as_str()))
        .order_by_desc(Column::StartTime)
        .limit(ENOUGH);
    let called: Vec<String> = called.into_tuple().all(scope.db).await.map_err(failed)?;
    let mut countries = BTreeMap::new();
    for number in called {
        if let Some(country) = number.parse::<E164>().ok().and_then(|number| Country::of(&number)) {
            *countries.entry(country).or_default() += 1;
        }
    }
    Ok(countries)
}

/// How they usually go in the hour around this time of the day. Days without any call do not count: an account that is new
/// has no norm of a seventh.
pub async fn norm<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId, now: Timestamp) -> Result<Norm> {
    let (mut days, mut all, mut inbound, mut missed) = (0_u32, 0_i64, 0_i64, 0_i64);
    let mut taken = BTreeMap::<PhoneNumberId, i64>::new();
    for day in 1..=DAYS {
        let middle = now - Duration::days(1) * day;
        let counted = of_account(scope, account, middle - HOUR / 2, middle + HOUR / 2)
            .select_only()
            .column(Column::PhoneNumberId)
            .column(Column::Direction)
            .column(Column::Status)
            .column_as(Column::Id.count(), "calls")
            .group_by(Column::PhoneNumberId)
            .group_by(Column::Direction)
            .group_by(Column::Status);
        let counted: Vec<(Option<PhoneNumberId>, String, String, i64)> =
            counted.into_tuple().all(scope.db).await.map_err(failed)?;
        days += u32::from(!counted.is_empty());
        for (number, direction, status, calls) in counted {
            all += calls;
            let Some(number) = number.filter(|_| direction == Direction::Inbound.as_str()) else { continue };
            inbound += calls;
            match status.parse::<Status>() {
                Ok(Status::Completed | Status::InProgress) => *taken.entry(number).or_default() += calls,
                Ok(Status::Failed | Status::NoAnswer | Status::Busy) => missed += calls,
                Ok(_) | Err(_) => {}
            }
        }
    }
    let share = |calls: i64, of: f64| if of > 0.0 { calls as f64 / of } else { 0.0 };
    let days = f64::from(days);
    Ok(Norm {
        time: Some(now),
        hourly: share(all, days),
        missed_percent: share(missed * 100, inbound as f64),
        answered: taken.into_iter().map(|(number, calls)| (number, share(calls, days * 4.0))).collect(),
    })
}

fn count(calls: i64) -> u32 {
    u32::try_from(calls).unwrap_or(u32::MAX)
}
