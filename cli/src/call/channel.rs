//! Opens the connection: cleartext or TLS with the system's roots, a CA file, a client certificate.

use std::{fs, path::Path, time::Duration};

use tonic::{
    Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use super::Target;
use crate::failure::Failure;

const CONNECT: Duration = Duration::from_secs(5);

/// Connects, or says why not.
pub async fn open(target: &Target) -> Result<Result<Channel, Status>, Failure> {
    let endpoint = endpoint(target)?;
    Ok(endpoint
        .connect()
        .await
        .map_err(|error| Status::unavailable(format!("cannot reach {}: {}", target.address, root(&error)))))
}

fn endpoint(target: &Target) -> Result<Endpoint, Failure> {
    let wrong = |error: tonic::transport::Error| Failure::usage(format!("{}: {}", target.address, root(&error)));
    let endpoint = Endpoint::from_shared(target.address.clone())
        .map_err(wrong)?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .user_agent(concat!("callplane/", env!("CARGO_PKG_VERSION")))
        .map_err(wrong)?;
    if target.address.starts_with("https://") { endpoint.tls_config(tls(target)?).map_err(wrong) } else { Ok(endpoint) }
}

fn tls(target: &Target) -> Result<ClientTlsConfig, Failure> {
    let mut config = match &target.ca_file {
        Some(file) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("ca_file", file)?)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    match (&target.cert_file, &target.key_file) {
        (Some(cert), Some(key)) => {
            config = config.identity(Identity::from_pem(read("cert_file", cert)?, read("key_file", key)?))
        }
        (None, None) => {}
        _ => return Err(Failure::usage("profile: cert_file and key_file go together")),
    }
    Ok(config)
}

fn read(what: &str, file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::usage(format!("{what} of the profile: {}: {error}", file.display())))
}

/// The innermost cause: "connection refused" rather than "transport error".
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
