//! A simulator inside this process: started by a test, gone when the handle is dropped.
//! The methods are the control API without JSON.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::call::inbound::{self, PlaceCall};
use crate::call::transcript::Transcript;
use crate::clock::{Pace, SimClock, Timestamp};
use crate::control::record::{self, RecordedCall};
use crate::control::seed::{
    self, AccountChange, NewAccount, NewKey, NewNumber, NumberChange, SeededAccount, SeededKey, SeededNumber,
};
use crate::control::seed_elevenlabs::{self, NewAgent, NewElevenLabsKey, SeededAgent, SeededElevenLabsKey};
use crate::control::{Refusal, steer};
use crate::fault::Fault;
use crate::ids::Ids;
use crate::ledger::{Entry, LedgerFilter};
use crate::script::{Callee, MessageFate};
use crate::server::serve;
use crate::state::AccountStatus;
use crate::twilio::alerts::{self, NewAlert};
use crate::twilio::receiving::{self, InboundMessage, MessageTranscript};
use crate::webhook::delivery::{DeliveryRule, ReleaseOrder};
use crate::world::World;

type Result<T> = std::result::Result<T, Refusal>;

#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    pub listen: SocketAddr,
    /// Where the clock stands still at first; none follows system time.
    pub start: Option<Timestamp>,
    pub pace: Pace,
    /// The same seed gives the same SIDs and tokens.
    pub seed: Option<String>,
}

impl Default for SimulatorOptions {
    /// A free port on loopback, system time, calls that run through at once.
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), start: None, pace: Pace::default(), seed: None }
    }
}

pub struct Simulator;

impl Simulator {
    /// Binds and serves in the background.
    pub async fn start(options: SimulatorOptions) -> io::Result<SimulatorHandle> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let clock = SimClock::new(options.start, options.pace);
        let ids = Ids::new(options.seed.as_deref());
        let world = Arc::new(World::new(clock, ids, format!("http://{address}")));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, world.clone(), stop.clone()));
        Ok(SimulatorHandle { world, address, stop })
    }
}

pub struct SimulatorHandle {
    world: Arc<World>,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for SimulatorHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl SimulatorHandle {
    /// Base URL of all simulated vendors and of the control API.
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn reset(&self) {
        self.world.reset();
    }

    pub fn add_account(&self, account: NewAccount) -> Result<SeededAccount> {
        seed::add_account(&self.world, account)
    }

    pub fn accounts(&self) -> Vec<SeededAccount> {
        seed::accounts(&self.world)
    }

    pub fn change_account(&self, sid: &str, change: AccountChange) -> Result<SeededAccount> {
        seed::change_account(&self.world, sid, change)
    }

    /// What the vendor does on a bad day.
    pub fn suspend(&self, sid: &str) -> Result<SeededAccount> {
        let status = Some(AccountStatus::Suspended);
        self.change_account(sid, AccountChange { status, ..AccountChange::default() })
    }

    pub fn reactivate(&self, sid: &str) -> Result<SeededAccount> {
        let status = Some(AccountStatus::Active);
        self.change_account(sid, AccountChange { status, ..AccountChange::default() })
    }

    pub fn add_key(&self, key: NewKey) -> Result<SeededKey> {
        seed::add_key(&self.world, key)
    }

    pub fn add_number(&self, number: NewNumber) -> Result<SeededNumber> {
        seed::add_number(&self.world, number)
    }

    pub fn numbers(&self) -> Vec<SeededNumber> {
        seed::numbers(&self.world)
    }

    /// Takes a number out of its account behind everybody's back.
    pub fn release_number(&self, name: &str) -> Result<()> {
        seed::release_number(&self.world, name)
    }

    /// Lets Twilio complain of something.
    pub fn add_alert(&self, alert: NewAlert) -> Result<()> {
        alerts::add(&self.world, alert)
    }

    /// `name` is the SID or the number itself.
    pub fn change_number(&self, name: &str, change: NumberChange) -> Result<SeededNumber> {
        seed::change_number(&self.world, name, change)
    }

    pub fn add_elevenlabs_key(&self, key: NewElevenLabsKey) -> SeededElevenLabsKey {
        seed_elevenlabs::add_elevenlabs_key(&self.world, key)
    }

    pub fn add_agent(&self, agent: NewAgent) -> SeededAgent {
        seed_elevenlabs::add_agent(&self.world, agent)
    }

    pub fn set_callee(&self, number: &str, callee: Callee) {
        steer::set_callee(&self.world, steer::CalleeOf { number: number.to_owned(), callee });
    }

    pub fn set_message_fate(&self, number: &str, fate: MessageFate) {
        steer::set_message_fate(&self.world, steer::MessageFateOf { number: number.to_owned(), fate });
    }

    /// Runs the call to its end, unless it is detached.
    pub async fn place_inbound_call(&self, call: PlaceCall) -> Result<Transcript> {
        inbound::place(&self.world, call).await
    }

    pub fn record_call(&self, call: RecordedCall) -> Result<()> {
        record::record_call(&self.world, call)
    }

    pub fn transcript(&self, call_sid: &str) -> Result<Transcript> {
        steer::transcript(&self.world, call_sid)
    }

    pub async fn send_inbound_message(&self, message: InboundMessage) -> Result<MessageTranscript> {
        receiving::receive(&self.world, message).await
    }

    pub fn inject_fault(&self, fault: Fault) {
        self.world.faults.add(fault);
    }

    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    pub fn add_delivery_rule(&self, rule: DeliveryRule) {
        self.world.deliveries.add(rule);
    }

    pub fn clear_delivery_rules(&self) {
        self.world.deliveries.clear();
    }

    pub fn held_webhooks(&self) -> usize {
        self.world.held_count()
    }

    pub async fn release_webhooks(&self, order: ReleaseOrder) -> usize {
        self.world.release(order).await
    }

    pub fn add_route(&self, public: &str, actual: &str) -> Result<()> {
        steer::add_route(&self.world, &steer::Route { public: public.to_owned(), actual: actual.to_owned() })
    }

    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX));
    }

    pub fn stop_clock_at(&self, at: Timestamp) {
        self.world.clock.stop_at(at);
    }

    pub fn set_pace(&self, pace: Pace) {
        self.world.clock.set_pace(pace);
    }

    /// Waits until nothing is under way except what waits for the clock.
    pub async fn settle(&self) {
        self.world.clock.idle().await;
    }

    pub fn ledger(&self) -> Vec<Entry> {
        self.world.ledger.read(&LedgerFilter::default())
    }

    pub fn ledger_of(&self, filter: &LedgerFilter) -> Vec<Entry> {
        self.world.ledger.read(filter)
    }

    pub fn ledger_counts(&self) -> BTreeMap<String, u64> {
        self.world.ledger.counts()
    }
}
