//! Writes at Twilio during the run: somebody spoils a number's webhooks there, and we are asked to configure them. One
//! round at a time for each number, so that every second write of a round is one too many.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use callplane_proto::v1::{self as pb, WebhooksState};
use callplane_simulator::NumberChange;
use tokio::time::{Instant, sleep, timeout};

use super::{
    Failure,
    fleet::Fleet,
    furnish::{Furniture, Written, read},
};
use crate::Api;

/// Between two looks and two rounds.
const PAUSE: Duration = Duration::from_millis(200);
/// For one request of an operator.
const PATIENCE: Duration = Duration::from_secs(5);

/// The chores of a run.
pub struct Chores {
    fleet: Arc<Fleet>,
    furniture: Furniture,
    stopped: AtomicBool,
    rounds: Mutex<BTreeMap<String, u32>>,
}

impl Chores {
    /// For these numbers.
    pub fn new(fleet: Arc<Fleet>, furniture: Furniture) -> Self {
        Self { fleet, furniture, stopped: AtomicBool::new(false), rounds: Mutex::default() }
    }

    /// No new round; those under way go on.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Rounds that were begun, by Twilio's SID of the number.
    pub fn rounds(&self) -> BTreeMap<String, u32> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does them until stopped, each number on its own; gives the numbers that did not come to rest by `deadline`.
    pub async fn run(&self, deadline: impl Fn() -> Option<Instant>) -> Result<Vec<String>, Failure> {
        let numbers = self.furniture.written.iter().map(|number| self.tend(number, &deadline));
        let unsettled = futures::future::try_join_all(numbers).await?;
        Ok(unsettled.into_iter().flatten().collect())
    }

    async fn tend(&self, number: &Written, deadline: impl Fn() -> Option<Instant>) -> Result<Option<String>, Failure> {
        let mut round = 0_u32;
        while !self.stopped.load(Ordering::SeqCst) {
            round += 1;
            self.spoil(number, round).await?;
            let request_id = format!("{}-{round}", number.sid);
            let mut is_asked = false;
            loop {
                // The same request id: asked twice, it is one wish.
                is_asked = is_asked || self.configure(number, &request_id).await;
                let state = self.state(number).await;
                if is_asked && state == Some(WebhooksState::InSync) && self.is_as_wanted(number).await? {
                    break;
                }
                if deadline().is_some_and(|deadline| Instant::now() > deadline) {
                    return Ok(Some(format!("{} in round {round}: asked {is_asked}, {state:?}", number.sid)));
                }
                sleep(PAUSE).await;
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    async fn spoil(&self, number: &Written, round: u32) -> Result<(), Failure> {
        let spoilt = format!("https://elsewhere.example.com/{round}");
        let settings = BTreeMap::from([("VoiceUrl".to_owned(), spoilt)]);
        self.fleet.twilio.change_number(&number.sid, NumberChange { settings, ..NumberChange::default() }).await?;
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner).insert(number.sid.clone(), round);
        Ok(())
    }

    /// Whether one of the control planes has taken the wish.
    async fn configure(&self, number: &Written, request_id: &str) -> bool {
        for api in self.apis() {
            let request = pb::ConfigureWebhooksRequest {
                phone_number_id: number.id.clone(),
                request_id: request_id.to_owned(),
                ..Default::default()
            };
            if let Ok(Ok(_)) = timeout(PATIENCE, api.numbers().configure_webhooks(request)).await {
                return true;
            }
        }
        false
    }

    async fn state(&self, number: &Written) -> Option<WebhooksState> {
        for api in self.apis() {
            if let Ok(Ok(number)) = timeout(PATIENCE, read(&api, &number.id)).await {
                return Some(number.webhooks_state());
            }
        }
        None
    }

    async fn is_as_wanted(&self, number: &Written) -> Result<bool, Failure> {
        let numbers = self.fleet.twilio.numbers().await?;
        let found = numbers.iter().find(|seeded| seeded.sid == number.sid);
        let url = found.and_then(|seeded| seeded.settings.get("VoiceUrl"));
        Ok(url.is_some_and(|url| url.starts_with(crate::settings::PUBLIC_URL)))
    }

    fn apis(&self) -> impl Iterator<Item = Api> {
        self.fleet.operators.iter().map(|operator| operator.within(&self.furniture.workspace_id))
    }
}
