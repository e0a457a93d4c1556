//! What the simulator's own tests share: a listener that answers TwiML by path and keeps what it got.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// One request as received.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: http::HeaderMap,
    pub form: Vec<(String, String)>,
}

impl Received {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A webhook host. Paths without an answer get 204.
#[derive(Clone, Default)]
pub struct Host {
    pub base: String,
    answers: Arc<Mutex<BTreeMap<String, (u16, String)>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Host {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let host = Self { base: format!("http://{address}"), ..Self::default() };
        let serving = host.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let host = serving.clone();
                let service = service_fn(move |request| {
                    let host = host.clone();
                    async move { Ok::<_, hyper::Error>(host.answer(request).await) }
                });
                tokio::spawn(async move {
                    let served =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    served.await.ok();
                });
            }
        });
        host
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// TwiML for a path, without the `<Response>` around it.
    pub fn says(&self, path: &str, verbs: &str) {
        self.answers(path, 200, &format!("<Response>{verbs}</Response>"));
    }

    pub fn answers(&self, path: &str, status: u16, body: &str) {
        self.answers.lock().expect("no panic while held").insert(path.to_owned(), (status, body.to_owned()));
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic while held").clone()
    }

    pub fn at(&self, path: &str) -> Vec<Received> {
        self.received().into_iter().filter(|request| request.path == path).collect()
    }

    async fn answer(&self, request: http::Request<hyper::body::Incoming>) -> http::Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let text = if parts.method == "GET" { parts.uri.query().unwrap_or_default().as_bytes() } else { &body };
        let form = form_urlencoded::parse(text).into_owned().collect();
        let received = Received { method: parts.method.to_string(), path: path.clone(), headers: parts.headers, form };
        self.received.lock().expect("no panic while held").push(received);
        let found = self.answers.lock().expect("no panic while held").get(&path).cloned();
        let (status, body) = found.unwrap_or((204, String::new()));
        let response = http::Response::builder().status(status).header("content-type", "application/xml");
        response.body(Full::new(Bytes::from(body))).expect("a valid response")
    }
}
