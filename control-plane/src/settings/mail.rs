//! Who sends mail, and from whom it comes. Without it nobody is told of a failover, which is said at the start and shown
//! with every notification.

use secrecy::SecretString;

use super::Source;
use crate::domain::{
    api_base::{ApiBase, PlainHttp},
    mail::{Sender, SmtpServer},
};

/// Who sends mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whose address it comes from.
    pub from: Sender,
    /// By which way.
    pub way: MailWay,
}

/// By which way mail is sent.
#[derive(Clone, Debug)]
pub enum MailWay {
    /// SendGrid.
    SendGrid { base_url: Option<String>, api_key: SecretString },
    /// Resend.
    Resend { base_url: Option<String>, api_key: SecretString },
    /// An SMTP server.
    Smtp { server: SmtpServer, login: Option<(String, SecretString)> },
}

impl MailWay {
    /// The word of the setting.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SendGrid { .. } => "sendgrid",
            Self::Resend { .. } => "resend",
            Self::Smtp { .. } => "smtp",
        }
    }
}

/// Reads who sends mail; none when nobody does.
pub fn read(source: &mut Source) -> Option<Mail> {
    let vendor = source.text("CALLPLANE_MAIL");
    let from = source.text("CALLPLANE_MAIL_FROM");
    let base_url = read_base_url(source);
    let api_key = source.secret("CALLPLANE_MAIL_API_KEY", "CALLPLANE_MAIL_API_KEY_FILE");
    let server = source.text("CALLPLANE_SMTP_URL");
    let user = source.text("CALLPLANE_SMTP_USER");
    let password = source.secret("CALLPLANE_SMTP_PASSWORD", "CALLPLANE_SMTP_PASSWORD_FILE");
    let way = match vendor.as_deref() {
        None | Some("none") => return None,
        Some("sendgrid") => read_key(source, api_key).map(|api_key| MailWay::SendGrid { base_url, api_key }),
        Some("resend") => read_key(source, api_key).map(|api_key| MailWay::Resend { base_url, api_key }),
        Some("smtp") => read_server(source, server).map(|server| MailWay::Smtp { server, login: user.zip(password) }),
        Some(_) => {
            source.blame("CALLPLANE_MAIL: expected `sendgrid`, `resend`, `smtp` or `none`");
            None
        }
    };
    // Both are read before one can be missing, so that every problem is told at once.
    let from = read_sender(source, from);
    Some(Mail { from: from?, way: way? })
}

fn read_base_url(source: &mut Source) -> Option<String> {
    let text = source.text("CALLPLANE_MAIL_BASE_URL")?;
    match ApiBase::read("CALLPLANE_MAIL_BASE_URL", &text, PlainHttp::ThisMachineOnly) {
        Ok(base) => Some(base.as_str().to_owned()),
        Err(error) => {
            source.blame(error.message);
            None
        }
    }
}

fn read_key(source: &mut Source, key: Option<SecretString>) -> Option<SecretString> {
    if key.is_none() {
        source.blame("CALLPLANE_MAIL_API_KEY or …_FILE: required with CALLPLANE_MAIL=sendgrid or resend");
    }
    key
}

fn read_server(source: &mut Source, url: Option<String>) -> Option<SmtpServer> {
    let Some(url) = url else {
        source.blame("CALLPLANE_SMTP_URL: required with CALLPLANE_MAIL=smtp, such as `smtp://mail.example.com:587`");
        return None;
    };
    match SmtpServer::read(&url) {
        Ok(server) => Some(server),
        Err(expected) => {
            source.blame(format!("CALLPLANE_SMTP_URL: {expected}"));
            None
        }
    }
}

/// `Callplane <alerts@example.com>`, or the address alone.
fn read_sender(source: &mut Source, text: Option<String>) -> Option<Sender> {
    let text = text.unwrap_or_default();
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').to_owned(), address),
        None => ("Callplane".to_owned(), text.trim()),
    };
    match address.parse() {
        Ok(address) if !name.contains(char::is_control) => Some(Sender { name, address }),
        _ => {
            source.blame("CALLPLANE_MAIL_FROM: expected an address, such as `Callplane <alerts@example.com>`");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(pairs: &[(&str, &str)]) -> (Option<Mail>, Vec<String>) {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut source = Source::new(pairs, None);
        (read(&mut source), source.problems())
    }

    #[test]
    fn nobody_sends_mail_until_somebody_is_named() {
        let (mail, problems) = read_from(&[]);
        assert!(mail.is_none() && problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn whatever_is_missing_is_named_at_once() {
        let (mail, problems) = read_from(&[("CALLPLANE_MAIL", "sendgrid")]);
        assert!(mail.is_none());
        let named = |name: &str| problems.iter().any(|problem| problem.starts_with(name));
        assert!(named("CALLPLANE_MAIL_API_KEY"), "{problems:?}");
        let (_, problems) = read_from(&[("CALLPLANE_MAIL", "pigeon")]);
        assert!(problems.iter().any(|problem| problem.starts_with("CALLPLANE_MAIL: expected")), "{problems:?}");
    }

    #[test]
    fn a_sender_has_a_name_and_an_address() {
        let (mail, problems) = read_from(&[
            ("CALLPLANE_MAIL", "smtp"),
            ("CALLPLANE_SMTP_URL", "smtp://mail.example.com"),
            ("CALLPLANE_MAIL_FROM", "Night Watch <alerts@example.com>"),
        ]);
        let mail = mail.expect("complete");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((mail.from.name.as_str(), mail.from.address.as_str()), ("Night Watch", "alerts@example.com"));
    }
}
