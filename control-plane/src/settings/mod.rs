//! What an operator may set. Production is the default profile; what is only fit for a laptop must be asked for.

mod dnc_checker;
mod mail;
mod source;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use callplane_telemetry::Tracing;
pub use dnc_checker::DncChecker;
pub use mail::{Mail, MailWay};
use secrecy::{ExposeSecret, SecretString};
pub use source::Source;

use crate::{secret::MasterKeys, token::TokenKeys};

/// The settings of a control plane.
pub struct Settings {
    /// The `dev` profile.
    pub dev: bool,
    /// Where the data is.
    pub database_url: String,
    /// Where gRPC is served.
    pub listen: SocketAddr,
    /// Where metrics and health are served.
    pub admin_listen: SocketAddr,
    /// What Twilio calls us by.
    pub public_url: Option<String>,
    /// Open and seal data keys.
    pub master_keys: MasterKeys,
    /// Sign and verify tokens.
    pub token_keys: Arc<TokenKeys>,
    /// Vendors.
    pub vendors: Vendors,
    /// Who sends mail, if anybody does.
    pub mail: Option<Mail>,
    /// Who else is asked whether a number may be called, if anybody is.
    pub dnc_checker: Option<DncChecker>,
    /// When calls are compared with Twilio's list.
    pub reconcile: Reconcile,
    /// Accounts are watched by themselves.
    pub monitor: bool,
    /// Serves reflection.
    pub reflection: bool,
    /// TLS on the gRPC port.
    pub tls: Option<Tls>,
    /// Logs as JSON lines.
    pub json_logs: bool,
    /// Where traces go.
    pub tracing: Tracing,
}

/// How vendors are reached.
#[derive(Clone, Debug)]
pub struct Vendors {
    /// Twilio, or nothing but our own imagination.
    pub telephony: TelephonyKind,
    /// Vendor writes are left out.
    pub test_mode: bool,
    /// Another address for all of Twilio: a simulator.
    pub twilio_base_url: Option<String>,
    /// Another address for ElevenLabs.
    pub eleven_labs_base_url: Option<String>,
    /// The key for agents without one of their own.
    pub eleven_labs_api_key: Option<SecretString>,
}

/// When calls are compared with Twilio's list, besides when an edge or a person asks.
#[derive(Clone, Copy, Debug)]
pub struct Reconcile {
    /// Regularly; none for never.
    pub every: Option<chrono::Duration>,
    /// After so long without any control plane; none for never.
    pub outage_after: Option<chrono::Duration>,
}

/// What stands behind the telephony port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelephonyKind {
    /// Twilio's REST API.
    Twilio,
    /// No socket is opened.
    Mock,
}

impl TelephonyKind {
    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Mock => "mock",
        }
    }
}

/// TLS on the gRPC port.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Who signs the clients' certificates; none lets clients without one in.
    pub client_ca: Option<PathBuf>,
}

impl Settings {
    /// Reads the settings, or lists every problem.
    pub fn read(
        variables: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, Vec<String>> {
        let mut source = Source::new(variables, file);
        let dev = read_profile(&mut source);
        let database_url =
            source.text("CALLPLANE_DATABASE_URL").unwrap_or_else(|| "sqlite://var/callplane.db".to_owned());
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme)) {
            source.blame("CALLPLANE_DATABASE_URL: expected `sqlite://path` or `postgres://user@host/name`");
        }
        let listen = read_address(&mut source, "CALLPLANE_LISTEN", 7420);
        let admin_listen = read_address(&mut source, "CALLPLANE_ADMIN_LISTEN", 7421);
        let public_url = read_public_url(&mut source, dev);
        let master_keys = read_master_keys(&mut source);
        let token_keys = read_token_keys(&mut source, dev);
        let vendors = read_vendors(&mut source, dev);
        let mail = mail::read(&mut source);
        let dnc_checker = dnc_checker::read(&mut source);
        let reconcile = read_reconcile(&mut source);
        let monitor = read_monitor(&mut source);
        let reflection = source.value("CALLPLANE_REFLECTION", dev, "`true` or `false`");
        let tls = read_tls(&mut source);
        let json_logs = source.value("CALLPLANE_LOG_JSON", !dev, "`true` or `false`");
        let tracing = read_tracing(&mut source);
        let problems = source.problems();
        match (master_keys, token_keys) {
            (Some(master_keys), Some(token_keys)) if problems.is_empty() => Ok(Self {
                dev,
                database_url,
                listen,
                admin_listen,
                public_url,
                master_keys,
                token_keys,
                vendors,
                mail,
                dnc_checker,
                reconcile,
                monitor,
                reflection,
                tls,
                json_logs,
                tracing,
            }),
            _ => Err(problems),
        }
    }
}

fn read_profile(source: &mut Source) -> bool {
    match source.text("CALLPLANE_PROFILE").as_deref() {
        None | Some("production") => false,
        Some("dev") => true,
        Some(_) => {
            source.blame("CALLPLANE_PROFILE: expected `production` or `dev`");
            false
        }
    }
}

fn read_address(source: &mut Source, name: &'static str, port: u16) -> SocketAddr {
    source.value(name, SocketAddr::from(([127, 0, 0, 1], port)), "an address and a port, such as `127.0.0.1:7420`")
}

fn read_public_url(source: &mut Source, dev: bool) -> Option<String> {
    let url = source.text("CALLPLANE_PUBLIC_URL")?;
    let is_web = url.starts_with("https://") || (dev && url.starts_with("http://"));
    if !is_web {
        source.blame("CALLPLANE_PUBLIC_URL: expected an https:// address (http:// only with CALLPLANE_PROFILE=dev)");
    }
    if url.contains(['?', '#']) {
        source.blame("CALLPLANE_PUBLIC_URL: expected an address without `?` and `#`");
    }
    let host = url.split("://").nth(1).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let is_private = ["localhost", "127.", "10.", "192.168.", "0.0.0.0"].iter().any(|start| host.starts_with(start));
    if is_private && !dev {
        source.blame("CALLPLANE_PUBLIC_URL: Twilio cannot reach a private address");
    }
    Some(url.trim_end_matches('/').to_owned())
}

fn read_master_keys(source: &mut Source) -> Option<MasterKeys> {
    let Some(text) = source.secret("CALLPLANE_ENCRYPTION_KEY", "CALLPLANE_ENCRYPTION_KEY_FILE") else {
        source.blame("CALLPLANE_ENCRYPTION_KEY or …_FILE: required; make one with `openssl rand -hex 32`");
        return None;
    };
    match MasterKeys::from_setting(text.expose_secret()) {
        Ok(keys) => {
            // The edge's secret has no use here, but the same environment may be given to both.
            let cron = source.secret("CALLPLANE_CRON_SECRET", "CALLPLANE_CRON_SECRET_FILE");
            if cron.is_some_and(|cron| cron.expose_secret() == text.expose_secret()) {
                source.blame("CALLPLANE_CRON_SECRET: is the encryption key; it must be a secret of its own");
            }
            Some(keys)
        }
        Err(error) => {
            source.blame(format!("CALLPLANE_ENCRYPTION_KEY: {error}"));
            None
        }
    }
}

fn read_token_keys(source: &mut Source, dev: bool) -> Option<Arc<TokenKeys>> {
    let Some(text) = source.secret("CALLPLANE_TOKEN_KEY", "CALLPLANE_TOKEN_KEY_FILE") else {
        source.blame(
            "CALLPLANE_TOKEN_KEY or …_FILE: required; make one with `callplane-control-plane keys generate-token-key`",
        );
        return None;
    };
    match TokenKeys::from_setting(text.expose_secret(), dev) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            source.blame(format!("CALLPLANE_TOKEN_KEY: {error}"));
            None
        }
    }
}

fn read_vendors(source: &mut Source, dev: bool) -> Vendors {
    let telephony = match source.text("CALLPLANE_TELEPHONY").as_deref() {
        None | Some("mock") => TelephonyKind::Mock,
        Some("twilio") => TelephonyKind::Twilio,
        Some(_) => {
            source.blame("CALLPLANE_TELEPHONY: expected `twilio` or `mock`");
            TelephonyKind::Mock
        }
    };
    let forced = source.switch("CALLPLANE_FORCE_MOCK");
    if telephony == TelephonyKind::Mock && !dev && !forced {
        source.blame(
            "CALLPLANE_TELEPHONY: `mock` reaches nobody; set `twilio`, or CALLPLANE_FORCE_MOCK=true to mean it in production",
        );
    }
    Vendors {
        telephony,
        test_mode: source.switch("CALLPLANE_TEST_MODE"),
        twilio_base_url: source.text("CALLPLANE_TWILIO_BASE_URL"),
        eleven_labs_base_url: source.text("CALLPLANE_ELEVENLABS_BASE_URL"),
        eleven_labs_api_key: source.secret("CALLPLANE_ELEVENLABS_API_KEY", "CALLPLANE_ELEVENLABS_API_KEY_FILE"),
    }
}

fn read_tracing(source: &mut Source) -> Tracing {
    let mut tracing = Tracing::default();
    match source.text("CALLPLANE_OTLP_ENDPOINT").map(|text| Tracing::endpoint(&text)).transpose() {
        Ok(endpoint) => tracing.endpoint = endpoint,
        Err(expected) => source.blame(format!("CALLPLANE_OTLP_ENDPOINT: {expected}")),
    }
    match source.text("CALLPLANE_TRACE_SAMPLE_RATIO").map(|text| Tracing::ratio(&text)).transpose() {
        Ok(ratio) => tracing.ratio = ratio.unwrap_or(Tracing::RATIO),
        Err(expected) => source.blame(format!("CALLPLANE_TRACE_SAMPLE_RATIO: {expected}")),
    }
    tracing
}

fn read_reconcile(source: &mut Source) -> Reconcile {
    let minutes = source.value("CALLPLANE_RECONCILE_MINUTES", 15_u16, "a number of minutes, 0 for never");
    let seconds = source.value("CALLPLANE_OUTAGE_SECONDS", 15_u16, "a number of seconds, 0 for never");
    // A heartbeat comes every 5 s; one that is late is no outage.
    if (1..15).contains(&seconds) {
        source.blame("CALLPLANE_OUTAGE_SECONDS: expected 0 or at least 15");
    }
    let set = |number: u16| Some(i64::from(number)).filter(|number| *number > 0);
    Reconcile {
        every: set(minutes).map(chrono::Duration::minutes),
        outage_after: set(seconds).map(chrono::Duration::seconds),
    }
}

fn read_monitor(source: &mut Source) -> bool {
    match source.text("CALLPLANE_MONITOR").as_deref() {
        None | Some("on") => true,
        Some("off") => false,
        Some(_) => {
            source.blame("CALLPLANE_MONITOR: expected `on` or `off`");
            true
        }
    }
}

fn read_tls(source: &mut Source) -> Option<Tls> {
    let certificate = source.text("CALLPLANE_TLS_CERT_FILE").map(PathBuf::from);
    let key = source.text("CALLPLANE_TLS_KEY_FILE").map(PathBuf::from);
    let client_ca = source.text("CALLPLANE_TLS_CLIENT_CA_FILE").map(PathBuf::from);
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate, key, client_ca }),
        (None, None) if client_ca.is_none() => None,
        _ => {
            source.blame("CALLPLANE_TLS_CERT_FILE and CALLPLANE_TLS_KEY_FILE: set both or none");
            None
        }
    }
}

#[cfg(test)]
mod tests;
