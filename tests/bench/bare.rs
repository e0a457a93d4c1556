//! The bound: a hyper server that reads each request whole and answers with the bytes the edge would, knowing nothing.

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use callplane_twiml::Renderer;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{Failure, noop, world::PUBLIC_URL};

/// Serves until it is killed.
pub async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let twiml = Renderer::new(PUBLIC_URL).instructions(&noop::instructions()).map_err(|error| format!("{error}"))?;
    let twiml = Bytes::from(twiml);
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let twiml = twiml.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, twiml.clone()));
            // A generator that hangs up is how every measurement ends.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(request: Request<Incoming>, twiml: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_voice = request.uri().path() == "/twilio/voice";
    if request.into_body().collect().await.is_err() {
        return Ok(status(StatusCode::BAD_REQUEST));
    }
    if !is_voice {
        return Ok(status(StatusCode::NO_CONTENT));
    }
    let mut response = Response::new(Full::new(twiml));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    Ok(response)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
