//! Carries out a schedule: each strike falls at its time and is undone at its end.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep_until};

use super::{
    Failure,
    fleet::Fleet,
    process::Signal,
    schedule::{Blow, Member, PAIR, Strike},
};

/// Lets all strikes fall; returns when the last one is undone.
pub async fn strike(fleet: &Arc<Fleet>, strikes: &[Strike]) -> Result<(), Failure> {
    let began = tokio::time::Instant::now();
    let mut tasks = JoinSet::new();
    for strike in strikes {
        let (fleet, strike) = (Arc::clone(fleet), *strike);
        tasks.spawn(async move {
            sleep_until(began + strike.at).await;
            hit(&fleet, strike.blow).await;
            sleep_until(began + strike.end()).await;
            heal(&fleet, strike.blow).await
        });
    }
    while let Some(healed) = tasks.join_next().await {
        healed??;
    }
    Ok(())
}

/// What is sent so shortly before a fault may still be under way when it begins.
const UNDER_WAY: Duration = Duration::from_secs(4);

/// When something was wrong, with the time it takes until nothing is felt of it any more.
pub fn windows(strikes: &[Strike], start: Duration, healing: Duration) -> Vec<(Duration, Duration)> {
    let window = |strike: &Strike| {
        let begins = (start + strike.at).saturating_sub(UNDER_WAY);
        (begins, start + strike.end() + healing)
    };
    strikes.iter().map(window).collect()
}

async fn hit(fleet: &Fleet, blow: Blow) {
    match blow {
        Blow::Kill(member) => fleet.kill(member).await,
        Blow::KillPlanes => {
            for plane in 0..PAIR {
                fleet.kill(Member::Plane(plane)).await;
            }
        }
        Blow::Freeze(member) => fleet.tell(member, Signal::Freeze).await,
        Blow::Line(line, trouble) => {
            if let Some(link) = fleet.link(line) {
                link.strike(trouble);
            }
        }
    }
}

async fn heal(fleet: &Fleet, blow: Blow) -> Result<(), Failure> {
    match blow {
        Blow::Kill(member) => fleet.start_again(member).await?,
        Blow::KillPlanes => {
            for plane in 0..PAIR {
                fleet.start_again(Member::Plane(plane)).await?;
            }
        }
        Blow::Freeze(member) => fleet.tell(member, Signal::Thaw).await,
        Blow::Line(line, _) => {
            if let Some(link) = fleet.link(line) {
                link.heal();
            }
        }
    }
    Ok(())
}
