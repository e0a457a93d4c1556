//! TLS on both sides: an edge with a certificate of its own, and a control plane behind https. `tests/tls/` holds a
//! self-signed pair for localhost that nothing else uses.

mod support;

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use support::{
    control_plane::FakeControlPlane,
    edge::TestEdge,
    twilio::{TOKEN, inbound_call, sign, usual_state},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

fn file(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name).to_str().expect("UTF-8").to_owned()
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("certificate.pem")).expect("PEM")).expect("a certificate");
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn an_edge_with_a_certificate_serves_https() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let settings =
        [("CALLPLANE_EDGE_TLS_CERT_FILE", certificate.as_str()), ("CALLPLANE_EDGE_TLS_KEY_FILE", key.as_str())];
    let edge = TestEdge::start(&[&control_plane], &settings).await;
    let stream = TcpStream::connect(edge.running.address).await.expect("connected");
    let mut stream =
        connector().connect(ServerName::try_from("localhost").expect("a name"), stream).await.expect("a handshake");
    let form = inbound_call();
    let signature = sign(TOKEN, &format!("{}/twilio/voice", edge.public_url), &form);
    let request = format!(
        "POST /twilio/voice HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Twilio-Signature: {signature}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_control_plane_behind_https_is_reached_with_its_ca() {
    let control_plane = FakeControlPlane::start_tls(usual_state(), &file("certificate.pem"), &file("key.pem")).await;
    let ca = file("certificate.pem");
    let url = format!("https://localhost:{}", control_plane.address.port());
    let settings = [("CALLPLANE_CONTROL_PLANES", url.as_str()), ("CALLPLANE_CONTROL_PLANE_CA_FILE", ca.as_str())];
    let edge = TestEdge::start(&[], &settings).await;
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 200);
}
