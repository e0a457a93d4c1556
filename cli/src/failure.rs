//! How a command can end badly, and with which exit code. Wording of gRPC errors is in `explain`.

use std::fmt;

use tonic::Status;

use crate::flags::Flag;

/// How a command can end badly.
#[derive(Debug)]
pub enum Failure {
    /// The command line itself is wrong.
    Usage(String),
    /// A question was answered with no, or nobody could answer it.
    Declined(String),
    /// The server, or the way to it, said no.
    Rpc(Box<Rejection>),
    /// Something other than the control plane cannot be reached.
    Unreachable(String),
    /// The wait ended in a failure state or in time.
    WaitEnded(String),
    /// Something here: a file, a terminal.
    Other(String),
    /// The reader of our output went away; nothing is wrong.
    ReaderGone,
}

/// A gRPC status with what is needed to explain it.
#[derive(Debug)]
pub struct Rejection {
    pub status: Status,
    /// `callplane.v1.AccountService/CreateAccount`.
    pub method: String,
    /// The command's flags, to name fields as the user knows them.
    pub flags: Vec<Flag>,
    /// Our address for the server.
    pub address: String,
    /// The key that makes repeating safe, if the request had one.
    pub request_id: Option<String>,
    /// The server's version, when it helps and could be learned.
    pub server_version: Option<String>,
}

impl Failure {
    pub fn usage(text: impl Into<String>) -> Self {
        Failure::Usage(text.into())
    }

    pub fn other(text: impl Into<String>) -> Self {
        Failure::Other(text.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Other(error.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text)
            | Failure::Declined(text)
            | Failure::WaitEnded(text)
            | Failure::Unreachable(text)
            | Failure::Other(text) => out.write_str(text),
            Failure::Rpc(rejection) => out.write_str(rejection.status.message()),
            Failure::ReaderGone => out.write_str("the reader of the output is gone"),
        }
    }
}
