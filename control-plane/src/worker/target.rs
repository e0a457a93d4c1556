//! A look at the account that shall take over, before anything is moved there: whether it works, and which numbers it shows.

use std::time::Duration;

use tokio::time::Instant;

use super::Crew;
use crate::{
    domain::{
        failover::TargetSeen,
        outcome::{Outcome, why},
        pool::Shown,
        telephony::{AccountStatus, NumberSeen},
    },
    provider::Access,
};

/// Nobody else should begin the same look meanwhile: well within a lease, with the last page on its way.
const LOOK: Duration = Duration::from_secs(15);

/// Reads the account, and the whole list of its numbers if it works.
pub(super) async fn look(crew: &Crew, access: &Access) -> Outcome<TargetSeen> {
    let began = crew.ctx.clock.now();
    let account = match crew.telephony.read_account(access).await {
        Outcome::Done(account) => account,
        Outcome::Refused(refused) => return Outcome::Refused(refused),
        Outcome::Unknown(why) => return Outcome::Unknown(why),
    };
    // The mock keeps no list: it owns whatever it is asked for.
    if account.status != AccountStatus::Active || crew.ctx.facts.telephony == "mock" {
        return Outcome::Done(TargetSeen { account, numbers: None });
    }
    let numbers = numbers(crew, access).await;
    numbers.map(|numbers| TargetSeen { account, numbers: Some(Shown::of(began, numbers)) })
}

/// The list to its end: half of it would make good numbers look gone.
async fn numbers(crew: &Crew, access: &Access) -> Outcome<Vec<NumberSeen>> {
    let started = Instant::now();
    let (mut numbers, mut after) = (Vec::new(), None);
    loop {
        match crew.telephony.list_numbers(access, after.as_ref()).await {
            Outcome::Done(page) => {
                numbers.extend(page.items);
                after = page.next;
            }
            Outcome::Refused(refused) => return Outcome::Refused(refused),
            Outcome::Unknown(why) => return Outcome::Unknown(why),
        }
        if after.is_none() {
            return Outcome::Done(numbers);
        }
        if started.elapsed() > LOOK {
            return Outcome::Unknown(why::LATE.to_owned());
        }
    }
}
