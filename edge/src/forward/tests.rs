//! Who is asked when, on a paused clock, with control planes that answer, fail or say nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use callplane_proto::edge::v1::{Accepted, HandleRequest, Reply, Webhook, reply};
use futures::future::{BoxFuture, join_all};
use prost::Message;
use prost_types::Timestamp;
use tokio::{sync::watch, time::Instant};
use tonic::{Code, Status};

use super::{Batch, Class, Forwarder, Outcome, Transport, Unanswered};
use crate::{metrics::Metrics, settings::Limits};

type Behaviour = fn(&HandleRequest) -> Result<(), Option<Code>>;

/// Answers everything.
const WELL: Behaviour = |_| Ok(());
/// Never answers.
const SILENT: Behaviour = |_| Err(None);
/// Cannot be reached.
const GONE: Behaviour = |_| Err(Some(Code::Unavailable));
/// Refuses a batch with a webhook named `bad` in it.
const PICKY: Behaviour = |request| {
    if request.webhooks.iter().any(|webhook| webhook.delivery_key == "bad") {
        Err(Some(Code::InvalidArgument))
    } else {
        Ok(())
    }
};

/// A control plane without a network.
#[derive(Clone)]
struct Fake {
    behaviour: Arc<Mutex<Behaviour>>,
    batches: Arc<watch::Sender<Vec<usize>>>,
    told: Arc<watch::Sender<Vec<String>>>,
    open: Arc<watch::Sender<bool>>,
}

impl Fake {
    fn new(behaviour: Behaviour) -> Self {
        Self {
            behaviour: Arc::new(Mutex::new(behaviour)),
            batches: Arc::default(),
            told: Arc::default(),
            open: Arc::new(watch::Sender::new(true)),
        }
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.borrow().clone()
    }

    fn behaves(&self, behaviour: Behaviour) {
        *self.behaviour.lock().expect("unpoisoned") = behaviour;
    }

    async fn called(&self, times: usize) {
        self.batches.subscribe().wait_for(|batches| batches.len() >= times).await.expect("the fake lives");
    }
}

impl Transport for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn handle(&self, batch: Batch) -> BoxFuture<'_, Result<Vec<Reply>, Status>> {
        let request =
            HandleRequest::decode(batch.encode_to_vec().as_slice()).expect("a batch is a request on the wire");
        Box::pin(async move {
            self.batches.send_modify(|batches| batches.push(request.webhooks.len()));
            self.told.send_modify(|told| told.extend(request.missed.iter().map(|missed| missed.account_sid.clone())));
            self.open.subscribe().wait_for(|open| *open).await.expect("the fake lives");
            let behaviour = *self.behaviour.lock().expect("unpoisoned");
            match behaviour(&request) {
                Ok(()) => Ok(request.webhooks.into_iter().map(accepted).collect()),
                Err(Some(code)) => Err(Status::new(code, "told to")),
                Err(None) => std::future::pending().await,
            }
        })
    }
}

fn accepted(webhook: Webhook) -> Reply {
    Reply { delivery_key: webhook.delivery_key, outcome: Some(reply::Outcome::Accepted(Accepted {})) }
}

fn forwarder(fakes: &[&Fake]) -> Arc<Forwarder> {
    let transports = fakes.iter().map(|fake| -> Box<dyn Transport> { Box::new((*fake).clone()) });
    Arc::new(Forwarder::start(transports.collect(), "edge", &Limits::default(), &Metrics::default()))
}

fn webhook(key: &str) -> Webhook {
    Webhook { delivery_key: key.into(), ..Default::default() }
}

async fn timed(forwarder: &Forwarder, class: Class) -> (Result<Outcome, Unanswered>, Duration) {
    let start = Instant::now();
    let outcome = forwarder.ask(&webhook("w"), class).await;
    (outcome, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_idle_edge_sends_each_webhook_alone_and_at_once() {
    let fake = Fake::new(WELL);
    let forwarder = forwarder(&[&fake]);
    for _ in 0..3 {
        assert_eq!(timed(&forwarder, Class::Caller).await, (Ok(Outcome::Accepted), Duration::ZERO));
    }
    assert_eq!(fake.batches(), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn webhooks_gather_while_calls_are_under_way() {
    let fake = Fake::new(WELL);
    let forwarder = forwarder(&[&fake]);
    fake.open.send_replace(false);
    let ask = |key: String| {
        let forwarder = forwarder.clone();
        tokio::spawn(async move { forwarder.ask(&webhook(&key), Class::Caller).await })
    };
    let mut asked = Vec::new();
    for index in 0..2 {
        asked.push(ask(format!("first {index}")));
        fake.called(index + 1).await;
    }
    asked.extend((0..100).map(|index| ask(format!("later {index}"))));
    // Lets every asker reach the queue before the calls come back.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    fake.open.send_replace(true);
    for answer in asked {
        assert_eq!(answer.await.expect("no panic"), Ok(Outcome::Accepted));
    }
    assert_eq!(fake.batches(), [1, 1, 64, 36]);
}

#[tokio::test(start_paused = true)]
async fn a_second_control_plane_is_asked_when_the_first_is_silent() {
    let (silent, well) = (Fake::new(SILENT), Fake::new(WELL));
    let forwarder = forwarder(&[&silent, &well]);
    assert_eq!(timed(&forwarder, Class::Caller).await, (Ok(Outcome::Accepted), Duration::from_millis(400)));
    assert_eq!((silent.batches().len(), well.batches().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_that_fails_costs_no_time() {
    let (gone, well) = (Fake::new(GONE), Fake::new(WELL));
    let forwarder = forwarder(&[&gone, &well]);
    assert_eq!(timed(&forwarder, Class::Callback).await, (Ok(Outcome::Accepted), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn silence_everywhere_ends_at_the_deadline() {
    let (one, other) = (Fake::new(SILENT), Fake::new(SILENT));
    let forwarder = forwarder(&[&one, &other]);
    assert_eq!(timed(&forwarder, Class::Caller).await, (Err(Unanswered::Silent), Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn one_control_plane_that_restarts_is_asked_again() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    let asked = {
        let forwarder = forwarder.clone();
        tokio::spawn(async move { timed(&forwarder, Class::Caller).await })
    };
    fake.called(1).await;
    fake.behaves(WELL);
    let (outcome, took) = asked.await.expect("no panic");
    assert_eq!((outcome, took), (Ok(Outcome::Accepted), Duration::from_millis(100)));
}

#[tokio::test(start_paused = true)]
async fn a_dead_control_plane_is_left_alone_and_callers_need_not_wait() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    let (first, took) = timed(&forwarder, Class::Caller).await;
    assert_eq!(first, Err(Unanswered::Unreachable(Code::Unavailable)));
    assert!(took < Duration::from_secs(2), "a while, in case it only restarts: {took:?}");
    let webhooks = |fake: &Fake| fake.batches().iter().sum::<usize>();
    let asked_before = webhooks(&fake);
    assert_eq!(timed(&forwarder, Class::Caller).await, (Err(Unanswered::AllDown), Duration::ZERO));
    assert_eq!(webhooks(&fake), asked_before, "and none is risked to find out");
    // A probe without a webhook finds out that it is back.
    fake.behaves(WELL);
    back(&forwarder).await;
    assert_eq!(timed(&forwarder, Class::Caller).await.0, Ok(Outcome::Accepted));
}

async fn back(forwarder: &Forwarder) {
    forwarder.shared.ups.subscribe().changed().await.expect("the forwarder lives");
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_is_followed_up_at_once() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    assert!(timed(&forwarder, Class::Caller).await.0.is_err());
    // By then the rests are long.
    tokio::time::sleep(Duration::from_secs(60)).await;
    fake.behaves(WELL);
    let start = Instant::now();
    forwarder.heard_of(0);
    back(&forwarder).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(timed(&forwarder, Class::Caller).await, (Ok(Outcome::Accepted), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn webhooks_wait_while_the_only_control_plane_restarts() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    let ask = |class| {
        let forwarder = forwarder.clone();
        tokio::spawn(async move { timed(&forwarder, class).await })
    };
    let asked: Vec<_> = (0..300).map(|index| ask([Class::Caller, Class::Callback][index % 2])).collect();
    tokio::time::sleep(Duration::from_millis(900)).await;
    fake.behaves(WELL);
    for answer in asked {
        let (outcome, took) = answer.await.expect("no panic");
        assert_eq!(outcome, Ok(Outcome::Accepted));
        assert!(took <= Duration::from_millis(1500), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_that_stops_costs_no_webhook_while_another_one_is_up() {
    let (gone, well) = (Fake::new(GONE), Fake::new(WELL));
    let forwarder = forwarder(&[&gone, &well]);
    let classes = [Class::Caller, Class::Message, Class::Callback, Class::Callback];
    let asked = (0..1000).map(|index| timed(&forwarder, classes[index % 4]));
    for (outcome, took) in join_all(asked).await {
        assert_eq!((outcome, took), (Ok(Outcome::Accepted), Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn slow_control_planes_are_not_asked_twice_by_everybody() {
    let (one, other) = (Fake::new(SILENT), Fake::new(SILENT));
    let forwarder = forwarder(&[&one, &other]);
    for (outcome, _) in join_all((0..500).map(|_| timed(&forwarder, Class::Caller))).await {
        assert!(outcome.is_err());
    }
    let asked: usize = one.batches().iter().chain(&other.batches()).sum();
    assert!((500..=800).contains(&asked), "500 webhooks, a full budget and a fifth: {asked}");
}

#[tokio::test(start_paused = true)]
async fn callbacks_are_refused_while_callers_still_wait() {
    let fake = Fake::new(SILENT);
    let forwarder = forwarder(&[&fake]);
    let ask = |class, count: usize| join_all((0..count).map(move |_| class).map(|class| timed(&forwarder, class)));
    let callbacks = ask(Class::Callback, 1000);
    let callers = ask(Class::Caller, 300);
    let (callbacks, callers) = tokio::join!(callbacks, callers);
    let refused = callbacks.iter().filter(|(outcome, _)| *outcome == Err(Unanswered::Overloaded)).count();
    assert!(refused > 0);
    assert!(callbacks.iter().all(|(outcome, took)| *outcome != Err(Unanswered::Overloaded) || took.is_zero()));
    assert!(callers.iter().all(|(outcome, took)| *outcome != Err(Unanswered::Overloaded) && !took.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_long_leaves_its_place_to_others() {
    let fake = Fake::new(SILENT);
    let forwarder = forwarder(&[&fake]);
    let mut slow = Vec::new();
    for index in 0..2 {
        let forwarder = forwarder.clone();
        slow.push(tokio::spawn(async move { timed(&forwarder, Class::Callback).await }));
        fake.called(index + 1).await;
    }
    fake.behaves(WELL);
    // Both places are taken, for a moment.
    assert_eq!(timed(&forwarder, Class::Caller).await, (Ok(Outcome::Accepted), Duration::from_millis(20)));
    assert_eq!(timed(&forwarder, Class::Caller).await, (Ok(Outcome::Accepted), Duration::ZERO));
    assert!(slow.iter().all(|asked| !asked.is_finished()));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_took_is_told_to_the_first_that_answers() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    assert!(timed(&forwarder, Class::Caller).await.0.is_err());
    let at = Timestamp { seconds: 1_785_834_058, nanos: 0 };
    forwarder.missed("AC1", at);
    forwarder.missed("AC1", at);
    forwarder.missed("AC2", at);
    tokio::time::sleep(Duration::from_secs(30)).await;
    fake.told.send_replace(Vec::new());
    fake.behaves(WELL);
    back(&forwarder).await;
    let mut told = fake.told.borrow().clone();
    told.sort();
    assert_eq!(told, ["AC1", "AC2"]);
    // Also when the circuit never opened, and never with a webhook.
    forwarder.missed("AC3", at);
    fake.told.subscribe().wait_for(|told| told.contains(&"AC3".to_owned())).await.expect("the fake lives");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(fake.told.borrow().len(), 3, "each is told once");
}

#[tokio::test(start_paused = true)]
async fn one_bad_webhook_does_not_fail_its_neighbours() {
    let fake = Fake::new(PICKY);
    let forwarder = forwarder(&[&fake]);
    fake.open.send_replace(false);
    let mut blockers = Vec::new();
    for index in 0..2 {
        let forwarder = forwarder.clone();
        blockers.push(tokio::spawn(async move { forwarder.ask(&webhook("blocker"), Class::Callback).await }));
        fake.called(index + 1).await;
    }
    let ask = async |key: &str| forwarder.ask(&webhook(key), Class::Callback).await;
    let (open, good, bad, other) =
        tokio::join!(async { fake.open.send_replace(true) }, ask("good"), ask("bad"), ask("other"),);
    assert!(!open);
    assert_eq!((good, other), (Ok(Outcome::Accepted), Ok(Outcome::Accepted)));
    assert!(bad.is_err());
}
