//! The old cron path: whoever knows its secret wants every account looked at now. The schedule is built in; this is for
//! those who already have one. Without a secret there is no such path.

use bytes::Bytes;
use callplane_proto::edge::v1::RunHealthChecksResponse;
use http::{Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tonic::Status;

use crate::{control_plane::ControlPlane, settings::Settings};

/// What the replaced system was called by.
pub const PATH: &str = "/api/cron/twilio-health-monitor";

/// Who may trigger a run, and who carries it out.
pub struct Cron {
    secret: Option<[u8; 32]>,
    control_planes: Vec<ControlPlane>,
    edge_id: String,
}

impl Cron {
    /// As the settings say.
    pub fn new(settings: &Settings, control_planes: Vec<ControlPlane>) -> Self {
        let secret = settings.cron_secret.as_ref().map(|secret| Sha256::digest(secret.as_bytes()).into());
        Self { secret, control_planes, edge_id: settings.edge_id.clone() }
    }

    /// This request is a trigger, or somebody looking for one.
    pub fn is_for(&self, path: &str) -> bool {
        self.secret.is_some() && path == PATH
    }

    /// Answers it. The body is not read: nothing in it could matter.
    pub async fn answer(&self, parts: &Parts) -> Response<Full<Bytes>> {
        if !matches!(parts.method, Method::GET | Method::POST) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "GET or POST\n");
        }
        if !self.knows_secret(parts) {
            tracing::warn!("a health check was triggered without the right secret");
            return plain(StatusCode::UNAUTHORIZED, "the bearer secret is missing or wrong\n");
        }
        for control_plane in &self.control_planes {
            match control_plane.run_health_checks(&self.edge_id).await {
                Ok(begun) => return told(&begun),
                Err(status) => complain(control_plane, &status),
            }
        }
        plain(StatusCode::SERVICE_UNAVAILABLE, "no control plane answers\n")
    }

    /// Hashes are compared, so that neither the length nor the first wrong letter shows in the time it takes.
    fn knows_secret(&self, parts: &Parts) -> bool {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|text| text.strip_prefix("Bearer ")).map(|text| Sha256::digest(text.trim()));
        match (&self.secret, given) {
            (Some(secret), Some(given)) => bool::from(secret.as_slice().ct_eq(given.as_slice())),
            (None, _) | (_, None) => false,
        }
    }
}

fn complain(control_plane: &ControlPlane, status: &Status) {
    let (name, code) = (control_plane.name(), status.code());
    tracing::warn!(control_plane = name, %code, "a health check could not be triggered: {}", status.message());
}

fn told(RunHealthChecksResponse { begun_count, joined_count }: &RunHealthChecksResponse) -> Response<Full<Bytes>> {
    let body = format!("{{\"begun\":{begun_count},\"joined\":{joined_count}}}\n");
    let mut response = plain(StatusCode::OK, &body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *response.status_mut() = status;
    response
}
