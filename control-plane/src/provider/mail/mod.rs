//! Mail behind one port: SendGrid, Resend or SMTP. None of them is repeated here: whether a mail may be sent twice is
//! decided by its machine.

pub mod resend;
pub mod sendgrid;
pub mod smtp;
mod verdict;

use std::sync::Arc;

use async_trait::async_trait;
pub use resend::Resend;
pub use sendgrid::SendGrid;
pub use smtp::Smtp;

use crate::domain::{email::EmailAddress, error::Error, notification::Taken, outcome::Outcome, time::Clock};

use super::line::{Limits, Line};

/// One mail, in plain text.
#[derive(Clone)]
pub struct Mail {
    /// Names it at the vendor, so that a second copy can be told from a second mail.
    pub id: String,
    /// To whom; all of them see each other.
    pub to: Vec<EmailAddress>,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Whoever sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over. `Done` means that the vendor took it, not that anybody read it.
    async fn send(&self, mail: &Mail) -> Outcome<Taken>;
}

/// The way to a mail vendor that speaks HTTP.
fn line(vendor: &'static str, clock: Arc<dyn Clock>) -> Result<Line, Error> {
    Line::new(vendor, Limits::default(), clock)
}

/// `CALLPLANE_TEST_MODE`: nobody gets mail, and whatever follows goes the way it would.
pub struct NobodyGetsMail;

#[async_trait]
impl Mailer for NobodyGetsMail {
    async fn send(&self, _mail: &Mail) -> Outcome<Taken> {
        Outcome::Done(Taken { message_id: String::new(), simulated: true })
    }
}
