//! One webhook from its first byte to its answer: route, bounds, signature, type, rate, control plane, answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use callplane_proto::edge::v1::{Webhook, webhook::Event};
use callplane_telemetry::{Kind, Span, Tracer, within};
use callplane_twiml::Renderer;
use http::{Method, Request, Response, request::Parts};
use http_body_util::Full;
use tokio::time::{Instant, timeout};

use super::{
    answer::{Answer, Answers, unavailable},
    authenticate::{Claim, authenticate},
    cron::Cron,
    degraded, hold,
    rejection::{Refusal, Rejection},
    request::{Received, check_head, receive, route},
};
use crate::{
    clock,
    form::Form,
    forward::{Class, Forwarder, Outcome, Unanswered},
    limit::RateLimit,
    log::Sampler,
    mask,
    metrics::{Ending, Metrics},
    route::{Expects, Route, Table},
    settings::Settings,
    state::Directory,
    translate::{self, Arrival, e164},
};

/// How long a webhook waits for an edge that is starting; what is left of the 4 s is for the answer.
const STARTING: Duration = Duration::from_secs(1);

/// Everything a request needs.
pub struct Edge {
    table: Table,
    pub directory: Arc<Directory>,
    forwarder: Arc<Forwarder>,
    cron: Cron,
    answers: Answers,
    rates: RateLimit,
    pub metrics: Arc<Metrics>,
    tracer: Tracer,
    sampler: Sampler,
    pub settings: Settings,
}

impl Edge {
    /// Put together from its parts.
    pub fn new(
        settings: Settings,
        directory: Arc<Directory>,
        (forwarder, cron): (Arc<Forwarder>, Cron),
        metrics: Arc<Metrics>,
        tracer: Tracer,
    ) -> Self {
        Self {
            table: Table::new(&settings.aliases),
            directory,
            forwarder,
            cron,
            answers: Answers::new(Renderer::new(&settings.public_url)),
            rates: RateLimit::new(&settings.limits),
            metrics,
            tracer,
            sampler: Sampler::default(),
            settings,
        }
    }

    /// Answers one request; never fails.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let found = match route(&self.table, &parts.method, path) {
            Ok(found) => found,
            Err(_) if self.cron.is_for(path) => return Box::pin(self.cron.answer(&parts)).await,
            Err(rejection) => return self.reject(None, path, None, &rejection, started),
        };
        let form = match self.read(&parts, body).await {
            Ok(form) => form,
            Err(rejection) => return self.reject(Some(found.route), path, None, &rejection, started),
        };
        let received = Received { parts: &parts, form };
        let route = translate::settled(found.route, &received.form);
        let answer = match self.admit(route, found.tag, &received) {
            Ok(webhook) => {
                let span = self.span(route, &parts.method, started);
                // Nearly all are not sampled, and pay nothing but the look.
                match span.parent() {
                    None => self.answer(route, webhook, received.target()).await,
                    Some(_) => Box::pin(self.answer_traced(route, webhook, received.target(), span)).await,
                }
            }
            Err(rejection) => Err(rejection),
        };
        let Answer { response, ending, complaint } = match answer {
            Ok(answer) => answer,
            Err(rejection) => return self.reject(Some(route), path, Some(&received), &rejection, started),
        };
        if let Some(complaint) = complaint {
            tracing::warn!(route = route.name(), account_sid = shown_sid(&received), "{}", mask::numbers(&complaint));
        }
        self.metrics.handled(Some(route), ending, started.elapsed());
        response
    }

    /// The form, once it is worth reading.
    async fn read<B>(&self, parts: &Parts, body: B) -> Result<Form, Rejection>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        check_head(parts, &self.settings.limits)?;
        // An edge that has just started listens before it knows anybody: a load balancer that goes by the port alone sends at once.
        if !self.directory.is_loaded() && timeout(STARTING, self.directory.loaded()).await.is_err() {
            return Err(Rejection::NotLoaded);
        }
        receive(parts, body, &self.settings.limits).await
    }

    /// A webhook that is believed and makes sense.
    fn admit(&self, route: Route, tag: &str, received: &Received<'_>) -> Result<Webhook, Rejection> {
        let url = [self.settings.public_url.as_str(), received.target()].concat();
        let claim = Claim { url: &url, route, received };
        // Explaining is for the log; when the log takes no more lines of this kind, it is not worth the time.
        let account_sid =
            authenticate(&self.directory, &claim, || self.sampler.would_admit("signature", Instant::now()))
                .map_err(Rejection::Refused)?;
        let arrival = Arrival {
            route,
            tag,
            account_sid: &account_sid,
            idempotency_token: received.idempotency_token(),
            target: received.target(),
        };
        let mut webhook = translate::webhook(&arrival, &received.form).map_err(Rejection::Malformed)?;
        webhook.receive_time = Some(clock::now());
        Ok(webhook)
    }

    /// Only webhooks that are believed are traced: a stranger cannot fill the collector.
    fn span(&self, route: Route, method: &Method, started: Instant) -> Span {
        let method = if *method == Method::GET { "GET" } else { "POST" };
        let mut span = self.tracer.root((method, route.path()), Kind::Server).since(started);
        span.set("http.request.method", method);
        span.set("http.route", route.path());
        span
    }

    async fn answer_traced(
        &self,
        route: Route,
        mut webhook: Webhook,
        target: &str,
        mut span: Span,
    ) -> Result<Answer, Rejection> {
        webhook.trace_parent = span.parent().map(|parent| parent.to_string()).unwrap_or_default();
        let answer = within(span.scope(), self.answer(route, webhook, target)).await;
        let (status, ending) = match &answer {
            Ok(answer) => (answer.response.status(), answer.ending),
            Err(rejection) => (rejection.response().status(), Ending::Refused),
        };
        span.set("http.response.status_code", i64::from(status.as_u16()));
        span.set("callplane.outcome", ending.word());
        if status.is_server_error() {
            span.fail();
        }
        answer
    }

    async fn answer(&self, route: Route, webhook: Webhook, target: &str) -> Result<Answer, Rejection> {
        if let Some(who) = self.over_limit(&webhook) {
            let shown = self.sampler.admit("busy", Instant::now()).is_some();
            let complaint = shown.then(|| format!("too many calls of one {who}; the caller hears a busy signal"));
            return Ok(Answer { complaint, ..self.answers.busy() });
        }
        let class = match route.expects() {
            Expects::Instructions => Class::Caller,
            Expects::Messages => Class::Message,
            Expects::Nothing => Class::Callback,
        };
        match self.forwarder.ask(&webhook, class).await {
            Ok(Outcome::UnknownAccount) => Err(Rejection::Refused(Refusal::UnknownAccount)),
            Ok(outcome) => Ok(self.answers.outcome(route.expects(), outcome)),
            Err(unanswered) => Ok(self.without_control_plane(&webhook, target, &unanswered)),
        }
    }

    /// Only a call that comes in can be told "busy"; everything else is a consequence of one.
    fn over_limit(&self, webhook: &Webhook) -> Option<&'static str> {
        let Some(Event::CallReceived(received)) = &webhook.event else { return None };
        let call = received.call.as_ref()?;
        self.rates.exceeded(&webhook.account_sid, e164(&call.to), e164(&call.from), Instant::now())
    }

    /// Whoever can be held comes back; whoever was held often enough gets what others get, and never silence.
    fn without_control_plane(&self, webhook: &Webhook, target: &str, unanswered: &Unanswered) -> Answer {
        self.forwarder.missed(&webhook.account_sid, webhook.receive_time.unwrap_or_else(clock::now));
        let instructions = hold::instructions(webhook, target)
            .map(|instructions| (instructions, "a request to wait"))
            .or_else(|| {
                let of_number = degraded::instructions(&self.directory, &webhook.account_sid, webhook)?;
                Some((of_number, "the number's fallback"))
            })
            .or_else(|| Some((hold::farewell(webhook, target)?, "a goodbye")));
        let (mut answer, answered) = match &instructions {
            Some((instructions, what)) => (self.answers.instructions(instructions, Ending::Fallback), *what),
            None => (unavailable(), "503"),
        };
        if self.sampler.admit(answer.ending.word(), Instant::now()).is_some() {
            answer.complaint = Some(format!("answered with {answered}: {unanswered}"));
        }
        answer
    }

    fn reject(
        &self,
        route: Option<Route>,
        path: &str,
        received: Option<&Received<'_>>,
        rejection: &Rejection,
        started: Instant,
    ) -> Response<Full<Bytes>> {
        self.metrics.refused(rejection.label());
        self.metrics.handled(route, Ending::Refused, started.elapsed());
        if let Some(left_out) = self.sampler.admit(rejection.label(), started) {
            let account_sid = received.map_or("", shown_sid);
            let path = mask::numbers(&path.chars().take(120).collect::<String>());
            let (route, reason) = (route.map_or("none", Route::name), rejection.label());
            tracing::warn!(route, path, account_sid, reason, left_out, "webhook refused: {rejection}");
        }
        rejection.response()
    }
}

/// The account for a log line; it is a stranger's word, so only if it looks like one.
fn shown_sid<'r>(received: &'r Received<'_>) -> &'r str {
    let sid = received.form.bytes("AccountSid").and_then(|sid| std::str::from_utf8(sid).ok()).unwrap_or_default();
    let looks_right = sid.len() <= 34 && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if looks_right { sid } else { "(not a SID)" }
}
