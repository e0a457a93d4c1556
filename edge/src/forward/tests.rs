//! Who is asked when, on a paused clock, with control planes that answer, fail or say nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use callplane_proto::edge::v1::{Accepted, HandleRequest, Reply, Webhook, reply};
use futures::future::BoxFuture;
use tokio::{sync::watch, time::Instant};
use tonic::{Code, Status};

use super::{
    Forwarder, Outcome, Unanswered, Urgency,
    replica::{Replica, Transport},
};
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
    open: Arc<watch::Sender<bool>>,
}

impl Fake {
    fn new(behaviour: Behaviour) -> Self {
        Self {
            behaviour: Arc::new(Mutex::new(behaviour)),
            batches: Arc::default(),
            open: Arc::new(watch::Sender::new(true)),
        }
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.borrow().clone()
    }
}

impl Transport for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn handle(&self, request: HandleRequest) -> BoxFuture<'_, Result<Vec<Reply>, Status>> {
        Box::pin(async move {
            self.batches.send_modify(|batches| batches.push(request.webhooks.len()));
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
    let limits = Limits::default();
    let replicas =
        fakes.iter().map(|fake| Replica::start(Box::new((*fake).clone()), "edge", &limits, &Metrics::default()));
    Arc::new(Forwarder::new(replicas.collect(), &limits))
}

fn webhook(key: &str) -> Webhook {
    Webhook { delivery_key: key.into(), ..Default::default() }
}

async fn timed(forwarder: &Forwarder, urgency: Urgency) -> (Result<Outcome, Unanswered>, Duration) {
    let start = Instant::now();
    let outcome = forwarder.ask(webhook("w"), urgency).await;
    (outcome, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_idle_edge_sends_each_webhook_alone_and_at_once() {
    let fake = Fake::new(WELL);
    let forwarder = forwarder(&[&fake]);
    for _ in 0..3 {
        assert_eq!(timed(&forwarder, Urgency::Caller).await, (Ok(Outcome::Accepted), Duration::ZERO));
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
        tokio::spawn(async move { forwarder.ask(webhook(&key), Urgency::Caller).await })
    };
    let mut asked = Vec::new();
    for index in 0..4 {
        asked.push(ask(format!("first {index}")));
        fake.batches.subscribe().wait_for(|batches| batches.len() > index).await.expect("the fake lives");
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
    assert_eq!(fake.batches(), [1, 1, 1, 1, 64, 36]);
}

#[tokio::test(start_paused = true)]
async fn a_second_control_plane_is_asked_when_the_first_is_silent() {
    let (silent, well) = (Fake::new(SILENT), Fake::new(WELL));
    let forwarder = forwarder(&[&silent, &well]);
    assert_eq!(timed(&forwarder, Urgency::Caller).await, (Ok(Outcome::Accepted), Duration::from_millis(400)));
    assert_eq!((silent.batches().len(), well.batches().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_that_fails_costs_no_time() {
    let (gone, well) = (Fake::new(GONE), Fake::new(WELL));
    let forwarder = forwarder(&[&gone, &well]);
    assert_eq!(timed(&forwarder, Urgency::Callback).await, (Ok(Outcome::Accepted), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn silence_everywhere_ends_at_the_deadline() {
    let (one, other) = (Fake::new(SILENT), Fake::new(SILENT));
    let forwarder = forwarder(&[&one, &other]);
    assert_eq!(timed(&forwarder, Urgency::Caller).await, (Err(Unanswered::Silent), Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn one_control_plane_that_restarts_is_asked_again() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    let asked = {
        let forwarder = forwarder.clone();
        tokio::spawn(async move { timed(&forwarder, Urgency::Caller).await })
    };
    fake.batches.subscribe().wait_for(|batches| batches.len() == 1).await.expect("the fake lives");
    *fake.behaviour.lock().expect("unpoisoned") = WELL;
    let (outcome, took) = asked.await.expect("no panic");
    assert_eq!((outcome, took), (Ok(Outcome::Accepted), Duration::from_millis(100)));
}

#[tokio::test(start_paused = true)]
async fn a_dead_control_plane_is_left_alone_and_callers_need_not_wait() {
    let fake = Fake::new(GONE);
    let forwarder = forwarder(&[&fake]);
    let (first, _) = timed(&forwarder, Urgency::Caller).await;
    assert_eq!(first, Err(Unanswered::Unreachable(Code::Unavailable)));
    let asked_before = fake.batches().len();
    assert_eq!(timed(&forwarder, Urgency::Caller).await, (Err(Unanswered::AllDown), Duration::ZERO));
    assert_eq!(fake.batches().len(), asked_before);
    // After its rest one webhook finds out that it is back.
    *fake.behaviour.lock().expect("unpoisoned") = WELL;
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(timed(&forwarder, Urgency::Caller).await.0, Ok(Outcome::Accepted));
}

#[tokio::test(start_paused = true)]
async fn one_bad_webhook_does_not_fail_its_neighbours() {
    let fake = Fake::new(PICKY);
    let forwarder = forwarder(&[&fake]);
    fake.open.send_replace(false);
    let mut blockers = Vec::new();
    for index in 0..4 {
        let forwarder = forwarder.clone();
        blockers.push(tokio::spawn(async move { forwarder.ask(webhook("blocker"), Urgency::Callback).await }));
        fake.batches.subscribe().wait_for(|batches| batches.len() > index).await.expect("the fake lives");
    }
    let ask = |key: &'static str| forwarder.ask(webhook(key), Urgency::Callback);
    let (open, good, bad, other) =
        tokio::join!(async { fake.open.send_replace(true) }, ask("good"), ask("bad"), ask("other"),);
    assert!(!open);
    assert_eq!((good, other), (Ok(Outcome::Accepted), Ok(Outcome::Accepted)));
    assert!(bad.is_err());
}
