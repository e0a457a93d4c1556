//! An edge in this process, in front of fake control planes.

use callplane_edge::{Running, Settings, serve};
use callplane_proto::edge::v1::StateChange;
use tokio::sync::oneshot;

use super::{
    control_plane::FakeControlPlane,
    http::{Answer, request},
    twilio::{TOKEN, sign, sign_get},
};

pub const PUBLIC_URL: &str = "https://hooks.example.net";

/// A started edge. Stops when dropped.
pub struct TestEdge {
    pub running: Running,
    pub public_url: String,
    stop: Option<oneshot::Sender<()>>,
}

/// An edge with one control plane that knows this state.
pub async fn start(state: Vec<StateChange>) -> (TestEdge, FakeControlPlane) {
    let control_plane = FakeControlPlane::start(state).await;
    let edge = TestEdge::start(&[&control_plane], &[]).await;
    (edge, control_plane)
}

impl TestEdge {
    /// In front of these; waits until accounts are known.
    pub async fn start(control_planes: &[&FakeControlPlane], settings: &[(&str, &str)]) -> Self {
        let edge = Self::start_unloaded(control_planes, settings).await;
        edge.running.loaded().await;
        edge
    }

    pub async fn start_unloaded(control_planes: &[&FakeControlPlane], settings: &[(&str, &str)]) -> Self {
        let addresses: Vec<String> = control_planes.iter().map(|plane| plane.url()).collect();
        let addresses = addresses.join(",");
        let mut pairs = vec![
            ("CALLPLANE_PUBLIC_URL", PUBLIC_URL),
            ("CALLPLANE_EDGE_TOKEN", "edge-token"),
            ("CALLPLANE_EDGE_ID", "edge-test"),
            ("CALLPLANE_EDGE_LISTEN", "127.0.0.1:0"),
            ("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0"),
            ("CALLPLANE_CONTROL_PLANES", &addresses),
        ];
        // Later pairs win.
        pairs.extend_from_slice(settings);
        let settings = Settings::from_pairs(pairs).unwrap_or_else(|problems| panic!("{problems}"));
        Self::with(settings).await
    }

    pub async fn with(settings: Settings) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let public_url = settings.public_url.clone();
        let running = serve(settings, async { drop(stopped.await) }).await.unwrap_or_else(|error| panic!("{error}"));
        Self { running, public_url, stop: Some(stop) }
    }

    /// Tells it to stop and waits until it has.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.running.stopped().await;
    }

    /// Begins to stop.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// A form signed with the usual token.
    pub async fn post(&self, target: &str, form: &str) -> Answer {
        self.post_signed(target, form, &sign(TOKEN, &format!("{}{target}", self.public_url), form)).await
    }

    pub async fn post_signed(&self, target: &str, form: &str, signature: &str) -> Answer {
        self.post_with(target, form, &[("X-Twilio-Signature", signature)]).await
    }

    pub async fn post_with(&self, target: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")];
        all.extend_from_slice(headers);
        request(self.running.address, "POST", target, &all, form.as_bytes()).await
    }

    /// A GET signed with the usual token.
    pub async fn get(&self, target: &str) -> Answer {
        let signature = sign_get(TOKEN, &format!("{}{target}", self.public_url));
        request(self.running.address, "GET", target, &[("X-Twilio-Signature", &signature)], b"").await
    }

    /// A page of the admin port.
    pub async fn admin(&self, path: &str) -> Answer {
        request(self.running.admin_address, "GET", path, &[], b"").await
    }
}
