//! What carries a batch to a control plane, and what its failures say.

use std::time::Duration;

use callplane_proto::edge::v1::Reply;
use futures::future::BoxFuture;
use tonic::{Code, Status};

use super::batch::Batch;
use crate::control_plane::ControlPlane;

/// Whatever carries a batch to a control plane.
pub trait Transport: Send + Sync + 'static {
    /// Its name in logs and metrics.
    fn name(&self) -> &str;
    /// Sends one batch.
    fn handle(&self, batch: Batch) -> BoxFuture<'_, Result<Vec<Reply>, Status>>;
    /// The control plane refused our token.
    fn refused(&self) {}
}

/// A control plane, with the deadline told to it.
pub struct Grpc(pub ControlPlane, pub Duration);

impl Transport for Grpc {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn handle(&self, batch: Batch) -> BoxFuture<'_, Result<Vec<Reply>, Status>> {
        Box::pin(async { self.0.handle(batch, self.1).await.map(|response| response.replies) })
    }

    fn refused(&self) {
        self.0.read_token_again();
    }
}

/// The control plane was reached and disliked what it got. A status made on this side, with a source, is a broken connection.
pub fn blames_content(status: &Status) -> bool {
    use Code::{Internal, InvalidArgument, OutOfRange, ResourceExhausted, Unknown};
    let about_content = matches!(status.code(), InvalidArgument | OutOfRange | Internal | Unknown | ResourceExhausted);
    about_content && std::error::Error::source(status).is_none()
}
