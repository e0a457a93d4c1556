//! SMTP with lettre: STARTTLS or TLS from the start; plain only on this machine. The Message-ID is our id, so that a
//! receiver can drop a second copy.

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::{Mail, Mailer};
use crate::domain::{
    email::EmailAddress,
    error::Error,
    mail::{Sender, SmtpServer},
    notification::Taken,
    outcome::{Cause, Outcome, Refused},
};

/// From the first byte to the last answer.
const DEADLINE: Duration = Duration::from_secs(15);

/// The client of an SMTP server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    /// What Message-IDs end with.
    domain: String,
}

impl Smtp {
    /// A client that connects for each mail: there are few of them.
    pub fn new(server: &SmtpServer, login: Option<&(String, SecretString)>, from: Sender) -> Result<Self, Error> {
        let tls = match (server.implicit_tls, server.is_local) {
            (false, true) => Tls::None,
            (implicit, _) => {
                let parameters = TlsParameters::new_rustls(server.host.clone()).map_err(Error::internal)?;
                if implicit { Tls::Wrapper(parameters) } else { Tls::Required(parameters) }
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(DEADLINE));
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let domain = from.address.as_str().rsplit('@').next().unwrap_or_default().to_owned();
        Ok(Self { transport: builder.build(), from, domain })
    }

    fn message(&self, mail: &Mail) -> Result<Message, Box<dyn StdError + Send + Sync>> {
        let mailbox = |name: &str, address: &EmailAddress| -> Result<Mailbox, lettre::address::AddressError> {
            let name = Some(name.to_owned()).filter(|name| !name.is_empty());
            Ok(Mailbox::new(name, address.as_str().parse::<Address>()?))
        };
        let mut builder = Message::builder()
            .from(mailbox(&self.from.name, &self.from.address)?)
            .message_id(Some(format!("<{}@{}>", mail.id, self.domain)))
            .subject(mail.subject.clone())
            .header(ContentType::TEXT_PLAIN);
        for address in &mail.to {
            builder = builder.to(mailbox("", address)?);
        }
        Ok(builder.body(mail.text.clone())?)
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Outcome<Taken> {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(_) => return refused(Cause::Invalid, "the mail cannot be written with these addresses".to_owned()),
        };
        match tokio::time::timeout(DEADLINE, self.transport.send(message)).await {
            Ok(Ok(_)) => {
                Outcome::Done(Taken { message_id: format!("<{}@{}>", mail.id, self.domain), simulated: false })
            }
            Ok(Err(error)) => meaning(&error),
            Err(_) => Outcome::Unknown("the mail server did not answer before the deadline".to_owned()),
        }
    }
}

/// 4xx may pass by itself, 5xx does not; a connection that breaks leaves it open whether the mail was taken. The server's own
/// text can name people.
fn meaning(error: &smtp::Error) -> Outcome<Taken> {
    let code = error.status().map(|code| code.to_string());
    match code {
        Some(code) if error.is_transient() => {
            refused(Cause::RateLimited, format!("the mail server answered {code}; later perhaps"))
        }
        Some(code) if code.starts_with("53") => {
            refused(Cause::Credentials, format!("the mail server answered {code}: it does not accept user or password"))
        }
        Some(code) => refused(Cause::Invalid, format!("the mail server refused the mail with {code}")),
        None if did_not_connect(error) => {
            refused(Cause::Unreachable, "no connection to the mail server came about".to_owned())
        }
        None if error.is_tls() => refused(Cause::Unreachable, "the mail server and we do not agree on TLS".to_owned()),
        None if error.is_client() => refused(
            Cause::Invalid,
            "the mail server does not offer what is needed, such as STARTTLS or a login".to_owned(),
        ),
        None => Outcome::Unknown("the connection to the mail server broke".to_owned()),
    }
}

fn did_not_connect(error: &smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    false
}

fn refused(cause: Cause, message: String) -> Outcome<Taken> {
    Outcome::Refused(Refused { cause, code: 0, http_status: 0, message })
}

#[cfg(test)]
mod tests;
