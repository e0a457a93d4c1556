//! One call from Twilio's side: what the number is configured with is asked and told, with the retries that its URLs ask
//! for, and Twilio's record says what really became of it.

use std::{sync::Arc, time::Duration};

use callplane_control_plane::{clock::SystemClock, domain::time::Clock};
use callplane_simulator::{
    Client, Kind, RecordedCall, Timestamp,
    webhook::{
        Webhook,
        courier::{Courier, Reply},
        form::{CallFacts, Form, Progress, call, pair, progress},
    },
};
use chrono::{SubsecRound, TimeDelta};
use tokio::time::{Instant, sleep};

use super::{
    dice::Dice,
    furnish::{ANSWER, Called, FALLBACK},
    history::{Answer, History, Step, Told, Truth},
};

/// What all callers share.
pub struct Exchange {
    /// Sends webhooks as Twilio does.
    pub courier: Courier,
    /// Keeps Twilio's record of calls.
    pub twilio: Client,
    /// Who can be called.
    pub called: Vec<Called>,
    /// What was answered.
    pub history: History,
    /// When the run began.
    pub began: Instant,
}

/// A call under way.
pub struct Caller {
    exchange: Arc<Exchange>,
    called: Called,
    facts: CallFacts,
    dice: Dice,
    created: Timestamp,
    sequence: u32,
}

/// Between two webhooks of a call.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_millis(400);
/// Of so many calls one is busy, and one is not answered.
const ODD_ONES: usize = 12;

impl Caller {
    /// A call of a run; the same number gives the same call.
    pub fn new(exchange: &Arc<Exchange>, seed: u64, turn: u64) -> Self {
        let mut dice = Dice::new(seed ^ turn.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let called = exchange.called[dice.below(exchange.called.len())].clone();
        let facts = CallFacts {
            sid: format!("CA{:016x}{turn:016x}", dice.throw()),
            account_sid: called.account.sid.clone(),
            from: format!("+1818{:07}", 2_000_000 + turn % 7_000_000),
            to: called.e164.clone(),
            direction: "inbound".to_owned(),
            parent_sid: None,
        };
        Self { exchange: Arc::clone(exchange), called, facts, dice, created: now(), sequence: 0 }
    }

    /// Its SID.
    pub fn sid(&self) -> &str {
        &self.facts.sid
    }

    /// From the first ring to the end.
    pub async fn carry(mut self) {
        self.record("ringing", None, None).await;
        let is_heard = self.ring().await;
        self.tell("initiated", None).await;
        self.tell("ringing", None).await;
        let answered = match (is_heard, self.dice.below(ODD_ONES)) {
            (false, _) | (true, 0 | 1) => None,
            (true, _) => Some(now()),
        };
        if let Some(answered) = answered {
            self.record("in-progress", Some(answered), None).await;
            self.tell("in-progress", None).await;
            sleep(self.dice.between(SHORTEST, 5 * LONGEST)).await;
        }
        let last = match (answered, is_heard) {
            (Some(_), _) => "completed",
            (None, true) if self.dice.below(2) == 0 => "busy",
            (None, true) => "no-answer",
            (None, false) => "failed",
        };
        self.end(last, answered).await;
    }

    async fn end(&mut self, status: &str, answered: Option<Timestamp>) {
        let end_time = now();
        let seconds = answered.map_or(TimeDelta::zero(), |answered| end_time - answered).num_seconds();
        self.record(status, answered, Some(end_time)).await;
        let seconds = u32::try_from(seconds).unwrap_or_default();
        self.exchange.history.ended(&self.facts.sid, Truth { status: status.to_owned(), end_time, seconds });
        self.tell(status, Some((end_time, i64::from(seconds)))).await;
    }

    /// Twilio asks what to do; whether it got an answer that it can use.
    async fn ring(&mut self) -> bool {
        let url = self.called.voice_url.clone();
        let answer = self.send(Step::Voice, Kind::Voice, &url, call(&self.facts, "ringing")).await;
        let Answer::GivenUp(_) = answer else { return true };
        let mut form = call(&self.facts, "ringing");
        form.push(pair("ErrorCode", "11200"));
        form.push(pair("ErrorUrl", url));
        let url = self.called.fallback_url.clone();
        !matches!(self.send(Step::Fallback, Kind::Fallback, &url, form).await, Answer::GivenUp(_))
    }

    async fn tell(&mut self, status: &str, end: Option<(Timestamp, i64)>) {
        sleep(self.dice.between(SHORTEST, LONGEST)).await;
        let sequence = self.sequence;
        self.sequence += 1;
        let at = end.map_or_else(now, |(at, _)| at);
        let duration = end.map(|(_, seconds)| seconds);
        let told = Progress { status, sequence, at, duration, sip_code: None, answered_by: None };
        let form = progress(&self.facts, &told);
        let url = self.called.status_url.clone();
        self.send(Step::Status(sequence), Kind::Status, &url, form).await;
    }

    async fn send(&self, step: Step, kind: Kind, url: &str, parameters: Form) -> Answer {
        let exchange = &self.exchange;
        let begun = exchange.began.elapsed();
        let webhook = Webhook {
            kind,
            account_sid: self.facts.account_sid.clone(),
            sid: self.facts.sid.clone(),
            method: "POST".to_owned(),
            url: url.to_owned(),
            parameters,
            idempotency_token: (kind == Kind::Status).then(|| format!("{}-{step:?}", self.facts.sid)),
        };
        let mut attempts = 0;
        let reply = exchange.courier.send(&webhook, &self.called.account.auth_token, |attempt, _| attempts = attempt);
        let answer = read(step, &reply.await);
        exchange.history.told(Told {
            call_sid: self.facts.sid.clone(),
            step,
            begun,
            ended: exchange.began.elapsed(),
            attempts,
            answer: answer.clone(),
        });
        answer
    }

    async fn record(&self, status: &str, started: Option<Timestamp>, ended: Option<Timestamp>) {
        let call = RecordedCall {
            sid: self.facts.sid.clone(),
            account_sid: self.facts.account_sid.clone(),
            from: self.facts.from.clone(),
            to: self.facts.to.clone(),
            status: status.to_owned(),
            created: self.created,
            started,
            ended,
        };
        // Twilio's own process is neither killed nor cut off from itself; without its record nothing could be judged.
        self.exchange.twilio.record_call(call).await.expect("Twilio keeps its own record");
    }
}

/// Twilio's times are whole seconds.
fn now() -> Timestamp {
    SystemClock.now().trunc_subsecs(0)
}

/// What an answer says of the webhook.
fn read(step: Step, reply: &Reply) -> Answer {
    let Reply { status, body, error_code, .. } = reply;
    match (step, status) {
        (Step::Status(_), Some(204)) => Answer::Stored,
        (Step::Voice | Step::Fallback, Some(200)) if body.contains(FALLBACK) => Answer::Degraded,
        (Step::Voice, Some(200)) if body.contains(ANSWER) => Answer::Stored,
        (Step::Fallback, Some(200)) if body.contains("<Reject") => Answer::Odd(format!("busy: {body}")),
        (Step::Fallback, Some(200)) => Answer::Stored,
        (_, Some(status @ 500..)) => Answer::GivenUp(status.to_string()),
        (_, None) => Answer::GivenUp(format!("no answer, {}", error_code.unwrap_or_default())),
        (_, Some(status)) => Answer::Odd(format!("{status}: {body}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status: Some(status), body: body.to_owned(), ..Reply::default() }
    }

    #[test]
    fn only_what_a_control_plane_must_have_stored_counts_as_stored() {
        assert_eq!(read(Step::Status(1), &reply(204, "")), Answer::Stored);
        assert_eq!(read(Step::Voice, &reply(200, &format!("<Say>{ANSWER}</Say>"))), Answer::Stored);
        assert_eq!(read(Step::Voice, &reply(200, &format!("<Say>{FALLBACK}</Say>"))), Answer::Degraded);
        assert_eq!(read(Step::Fallback, &reply(200, &format!("<Say>{FALLBACK}</Say>"))), Answer::Degraded);
        assert_eq!(read(Step::Status(1), &reply(503, "")), Answer::GivenUp("503".to_owned()));
        assert!(matches!(read(Step::Voice, &Reply::default()), Answer::GivenUp(_)));
    }

    #[test]
    fn an_answer_nobody_planned_is_odd() {
        assert!(matches!(read(Step::Voice, &reply(200, "<Reject reason=\"busy\"/>")), Answer::Odd(_)));
        assert!(matches!(read(Step::Status(0), &reply(200, "")), Answer::Odd(_)));
        assert!(matches!(read(Step::Status(0), &reply(403, "")), Answer::Odd(_)));
    }
}
