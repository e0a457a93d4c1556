//! What an edge is told: from `CALLPLANE_…` variables, or one TOML file whose keys are the same names in lower case without
//! the prefix. A variable wins over the file. Every problem is reported at once.

mod aliases;
mod cron;
mod limits;
mod log;
mod public_url;
mod source;
mod tracing;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use callplane_telemetry::Tracing;
use tonic::transport::Uri;

use crate::route::Alias;

pub use limits::Limits;
pub use log::Log;
use source::Source;

/// Everything an edge is told.
#[derive(Clone)]
pub struct Settings {
    /// Where webhooks arrive.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub admin_listen: SocketAddr,
    /// What Twilio calls us by, without a slash at its end.
    pub public_url: String,
    /// The control planes, the preferred first.
    pub control_planes: Vec<Uri>,
    /// What the control planes know us by.
    pub token: Token,
    /// Production or not.
    pub profile: Profile,
    /// Our own certificate, when no proxy ends TLS for us.
    pub tls: Option<TlsFiles>,
    /// Whom to trust when control planes have https addresses.
    pub control_plane_ca: Option<PathBuf>,
    /// This edge's name in the control planes' logs.
    pub edge_id: String,
    /// Old paths that keep working.
    pub aliases: Vec<Alias>,
    /// Who knows it may trigger health checks by the old cron path; none switches the path off.
    pub cron_secret: Option<String>,
    /// Bounds, deadlines and rates.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
    /// Where traces go.
    pub tracing: Tracing,
}

/// How strict the settings are; never how strict the signatures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// https only, and a token.
    Production,
    /// For a laptop.
    Dev,
}

/// The bearer token and where it came from, so that a rotated file is read again.
#[derive(Clone)]
pub enum Token {
    /// None; `dev` only.
    None,
    /// Given as it is.
    Value(String),
    /// In a file.
    File(PathBuf),
}

impl Token {
    /// The token now.
    pub fn read(&self) -> std::io::Result<Option<String>> {
        match self {
            Self::None => Ok(None),
            Self::Value(token) => Ok(Some(token.clone())),
            Self::File(path) => Ok(Some(std::fs::read_to_string(path)?.trim().to_owned())),
        }
    }
}

/// A certificate chain and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, our own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Everything that is wrong with the settings, each naming the setting and the repair.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| writeln!(formatter, "{problem}"))
    }
}

impl std::error::Error for Problems {}

impl Settings {
    /// From the environment and, if one is named there or given, a file.
    pub fn load(config: Option<&Path>) -> Result<Self, Problems> {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let named = variables.get("CALLPLANE_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self::read(&variables, config.map(Path::to_owned).or(named).as_deref())
    }

    /// From variables handed in: what tests and harnesses use.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problems> {
        let variables = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self::read(&variables, None)
    }

    /// From variables and a file.
    pub fn read(variables: &BTreeMap<String, String>, file: Option<&Path>) -> Result<Self, Problems> {
        let mut source = Source::open(variables, file);
        let settings = Self::gather(&mut source);
        source.complain_about_unknown_keys();
        let problems = source.into_problems();
        settings.filter(|_| problems.is_empty()).ok_or(Problems(problems))
    }

    fn gather(source: &mut Source<'_>) -> Option<Self> {
        let profile = read_profile(source);
        let listen = source.parsed("edge_listen", "127.0.0.1:7430", "an address and port such as 127.0.0.1:7430");
        let admin_listen =
            source.parsed("edge_admin_listen", "127.0.0.1:7431", "an address and port such as 127.0.0.1:7431");
        let public_url = public_url::read(source, profile);
        let control_planes = read_control_planes(source);
        let control_plane_ca = read_ca(source, &control_planes);
        let token = read_token(source, profile);
        let tls = read_tls(source);
        let edge_id = source.text("edge_id").unwrap_or_else(random_id);
        let aliases = aliases::read(source);
        let cron_secret = cron::read(source);
        let limits = limits::read(source);
        let log = log::read(source);
        let tracing = tracing::read(source);
        Some(Self {
            listen: listen?,
            admin_listen: admin_listen?,
            public_url: public_url?,
            control_planes,
            token,
            profile,
            tls,
            control_plane_ca,
            edge_id,
            aliases,
            cron_secret,
            limits,
            log,
            tracing,
        })
    }
}

fn random_id() -> String {
    format!("edge-{:08x}", rand::random::<u32>())
}

fn read_profile(source: &mut Source<'_>) -> Profile {
    match source.text("profile").as_deref() {
        None | Some("production") => Profile::Production,
        Some("dev") => Profile::Dev,
        Some(_) => {
            source.problem("profile", "is neither `production` nor `dev`");
            Profile::Production
        }
    }
}

fn read_control_planes(source: &mut Source<'_>) -> Vec<Uri> {
    let mut addresses = Vec::new();
    let listed = source.list("control_planes").unwrap_or_else(|| vec!["http://127.0.0.1:7420".to_owned()]);
    for address in &listed {
        match address.parse::<Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
                addresses.push(uri)
            }
            _ => source.problem("control_planes", "has an entry that is not like http://127.0.0.1:7420"),
        }
    }
    if listed.is_empty() {
        source.problem("control_planes", "is empty; name at least one, such as http://127.0.0.1:7420");
    }
    addresses
}

fn read_ca(source: &mut Source<'_>, control_planes: &[Uri]) -> Option<PathBuf> {
    let ca = source.readable_file("control_plane_ca_file");
    if ca.is_none() && control_planes.iter().any(|uri| uri.scheme_str() == Some("https")) {
        source.problem("control_plane_ca_file", "is needed for https control planes: the PEM file of their CA");
    }
    ca
}

fn read_token(source: &mut Source<'_>, profile: Profile) -> Token {
    let token = match (source.text("edge_token"), source.readable_file("edge_token_file")) {
        (Some(_), Some(_)) => {
            source.problem("edge_token", "and CALLPLANE_EDGE_TOKEN_FILE are both set; keep one");
            return Token::None;
        }
        (Some(token), None) => Token::Value(token.trim().to_owned()),
        (None, Some(path)) => Token::File(path),
        (None, None) if source.is_set("edge_token_file") => return Token::None,
        (None, None) => {
            if profile == Profile::Production {
                source.problem(
                    "edge_token_file",
                    "is not set: make a token with audience edge at the control plane, or use CALLPLANE_EDGE_TOKEN",
                );
            }
            return Token::None;
        }
    };
    match token.read() {
        Ok(Some(text)) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => {}
        _ => source.problem("edge_token", "is empty or holds a character that no token has"),
    }
    token
}

fn read_tls(source: &mut Source<'_>) -> Option<TlsFiles> {
    let certificate = source.readable_file("edge_tls_cert_file");
    let key = source.readable_file("edge_tls_key_file");
    match (source.is_set("edge_tls_cert_file"), source.is_set("edge_tls_key_file")) {
        (true, false) => source.problem("edge_tls_key_file", "is needed beside CALLPLANE_EDGE_TLS_CERT_FILE"),
        (false, true) => source.problem("edge_tls_cert_file", "is needed beside CALLPLANE_EDGE_TLS_KEY_FILE"),
        _ => {}
    }
    Some(TlsFiles { certificate: certificate?, key: key? })
}

#[cfg(test)]
mod tests;
