//! Our own certificate, for an edge without a proxy in front.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::settings::TlsFiles;

/// Reads the files; a problem names the setting.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let chain = chain(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| {
        format!("CALLPLANE_EDGE_TLS_KEY_FILE: {} is no private key in PEM: {error}", files.key.display())
    })?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| format!("CALLPLANE_EDGE_TLS_CERT_FILE and _KEY_FILE do not fit together: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let problem = |what: String| format!("CALLPLANE_EDGE_TLS_CERT_FILE: {} {what}", path.display());
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read.map_err(|error| problem(format!("is no certificate in PEM: {error}")))?;
    if chain.is_empty() { Err(problem("holds no certificate".into())) } else { Ok(chain) }
}
