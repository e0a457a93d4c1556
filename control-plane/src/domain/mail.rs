//! Whom mail is from, and which SMTP server takes it. Who is told what is in `notification`.

use super::email::EmailAddress;

/// Who mails are from.
#[derive(Clone, Debug)]
pub struct Sender {
    /// What people see.
    pub name: String,
    /// Where they come from.
    pub address: EmailAddress,
}

/// A server, as `smtp://host:587` or `smtps://host:465` names it.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name; the certificate must be for it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS from the first byte, not by STARTTLS.
    pub implicit_tls: bool,
    /// It is on this machine, so plain text stays here.
    pub is_local: bool,
}

impl SmtpServer {
    /// Reads the address.
    pub fn read(url: &str) -> Result<Self, &'static str> {
        let expected =
            "expected `smtp://host:587` (STARTTLS) or `smtps://host:465`; user and password have their own settings";
        let (scheme, rest) = url.trim_end_matches('/').split_once("://").ok_or(expected)?;
        let (implicit_tls, usual) = match scheme {
            "smtp" => (false, 587),
            "smtps" => (true, 465),
            _ => return Err(expected),
        };
        if rest.contains(['@', '/', '?', '#']) || rest.is_empty() {
            return Err(expected);
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| expected)?),
            None => (rest, usual),
        };
        let is_local = matches!(host, "localhost" | "127.0.0.1");
        Ok(Self { host: host.to_owned(), port, implicit_tls, is_local })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_usual_port_and_a_password_in_it_is_refused() {
        let server = SmtpServer::read("smtps://mail.example.com").expect("valid");
        assert_eq!((server.port, server.implicit_tls, server.is_local), (465, true, false));
        let server = SmtpServer::read("smtp://mail.example.com:2525/").expect("valid");
        assert_eq!((server.port, server.implicit_tls), (2525, false));
        for bad in [
            "mail.example.com",
            "http://mail.example.com",
            "smtp://user:pass@mail.example.com",
            "smtp://",
            "smtp://a:b",
        ] {
            assert!(SmtpServer::read(bad).is_err(), "{bad}");
        }
    }
}
