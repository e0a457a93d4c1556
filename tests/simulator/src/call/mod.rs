//! Calls: a leg goes through its TwiML as Twilio would, with scripted people on the line.

pub mod connect;
pub mod control;
pub mod detection;
pub mod dial;
pub mod gather;
pub mod inbound;
pub mod leg;
pub mod outbound;
pub mod party;
pub mod record;
pub mod report;
pub mod transcript;
pub mod walk;

/// What is requested next: a document by URL, with the parameters the verb adds.
#[derive(Clone, Debug)]
pub struct Ask {
    pub kind: crate::webhook::Kind,
    pub url: String,
    pub method: String,
    pub extra: crate::webhook::form::Form,
}

/// How a verb leaves the document.
#[derive(Clone, Debug)]
pub enum Next {
    /// With the following verb.
    Continue,
    /// With another document.
    Fetch(Ask),
    /// The call is over on Twilio's side.
    HangUp,
    Rejected {
        busy: bool,
    },
}

/// Why a verb could not go on.
#[derive(Clone, Debug)]
pub enum Turn {
    /// The person on this leg hung up.
    HungUp,
    /// `Status=completed` by REST.
    Ended,
    /// `Url` or `Twiml` by REST.
    Redirected(control::Redirect),
}
