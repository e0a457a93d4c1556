//! Who else is asked whether a number may be called: a service that the operator runs.

use std::path::PathBuf;

use http::Uri;
use secrecy::SecretString;

use super::Source;
use crate::domain::dnc::Unanswered;

/// A do-not-call checker.
#[derive(Clone, Debug)]
pub struct DncChecker {
    /// Where it is: scheme, host and port.
    pub address: Uri,
    /// What we show it.
    pub token: Option<SecretString>,
    /// Who signed its certificate; none for whomever the system trusts.
    pub ca_file: Option<PathBuf>,
    /// What becomes of a call or message when it does not answer.
    pub unanswered: Unanswered,
}

impl DncChecker {
    /// Numbers and token leave this machine unencrypted.
    pub fn is_in_the_clear(&self) -> bool {
        let is_here = matches!(self.address.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        self.address.scheme_str() == Some("http") && !is_here
    }
}

/// Reads it; none when there is none.
pub fn read(source: &mut Source) -> Option<DncChecker> {
    let address = source.text("CALLPLANE_DNC_CHECKER");
    let token = source.secret("CALLPLANE_DNC_CHECKER_TOKEN", "CALLPLANE_DNC_CHECKER_TOKEN_FILE");
    let ca_file = source.text("CALLPLANE_DNC_CHECKER_CA_FILE").map(PathBuf::from);
    let is_ruled = source.text("CALLPLANE_DNC_CHECKER_UNANSWERED").is_some();
    let unanswered = source.value("CALLPLANE_DNC_CHECKER_UNANSWERED", Unanswered::Refuse, "`refuse` or `allow`");
    let Some(address) = address else {
        // Whoever sets one of these believes that numbers are checked.
        if token.is_some() || ca_file.is_some() || is_ruled {
            source.blame("CALLPLANE_DNC_CHECKER: required with any other CALLPLANE_DNC_CHECKER_… setting");
        }
        return None;
    };
    let Some(address) = read_address(&address) else {
        source.blame(
            "CALLPLANE_DNC_CHECKER: expected http:// or https:// with a host and perhaps a port, such as \
             `https://dnc.example.com:8443`, and no path, user or password",
        );
        return None;
    };
    Some(DncChecker { address, token, ca_file, unanswered })
}

fn read_address(text: &str) -> Option<Uri> {
    let address: Uri = text.trim().trim_end_matches('/').parse().ok()?;
    let is_web = matches!(address.scheme_str(), Some("http" | "https"));
    let is_named = address.host().is_some_and(|host| !host.is_empty());
    let is_bare = matches!(address.path(), "" | "/") && address.query().is_none() && !text.contains(['@', '#']);
    (is_web && is_named && is_bare).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(pairs: &[(&str, &str)]) -> (Option<DncChecker>, String) {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut source = Source::new(pairs, None);
        (read(&mut source), source.problems().join("\n"))
    }

    #[test]
    fn nobody_is_asked_until_somebody_is_named() {
        let (checker, problems) = read_from(&[]);
        assert!(checker.is_none() && problems.is_empty(), "{problems}");
    }

    #[test]
    fn what_it_does_not_answer_is_refused_unless_somebody_says_otherwise() {
        let address = ("CALLPLANE_DNC_CHECKER", "https://dnc.example.com:8443/");
        let (checker, problems) = read_from(&[address]);
        let checker = checker.unwrap_or_else(|| panic!("{problems}"));
        assert_eq!((checker.unanswered, checker.is_in_the_clear()), (Unanswered::Refuse, false));
        assert_eq!(checker.address.authority().map(|authority| authority.as_str()), Some("dnc.example.com:8443"));
        let (checker, _) = read_from(&[address, ("CALLPLANE_DNC_CHECKER_UNANSWERED", "allow")]);
        assert_eq!(checker.map(|checker| checker.unanswered), Some(Unanswered::Allow));
        let (_, problems) = read_from(&[address, ("CALLPLANE_DNC_CHECKER_UNANSWERED", "maybe")]);
        assert!(problems.contains("CALLPLANE_DNC_CHECKER_UNANSWERED: expected"), "{problems}");
    }

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        for (address, is_in_the_clear) in
            [("http://127.0.0.1:7450", false), ("http://checker:7450", true), ("https://checker", false)]
        {
            let (checker, problems) = read_from(&[("CALLPLANE_DNC_CHECKER", address)]);
            assert_eq!(
                checker.map(|checker| checker.is_in_the_clear()),
                Some(is_in_the_clear),
                "{address}: {problems}"
            );
        }
        for wrong in ["checker:7450", "ftp://checker", "https://checker/v1", "https://me:hunter2@checker", "https://"] {
            let (checker, problems) = read_from(&[("CALLPLANE_DNC_CHECKER", wrong)]);
            assert!(
                checker.is_none() && problems.starts_with("CALLPLANE_DNC_CHECKER: expected"),
                "{wrong}: {problems}"
            );
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }

    #[test]
    fn whoever_believes_that_numbers_are_checked_is_told_when_they_are_not() {
        for (name, value) in [
            ("CALLPLANE_DNC_CHECKER_TOKEN", "0123456789"),
            ("CALLPLANE_DNC_CHECKER_CA_FILE", "ca.pem"),
            ("CALLPLANE_DNC_CHECKER_UNANSWERED", "refuse"),
        ] {
            let (_, problems) = read_from(&[(name, value)]);
            assert!(problems.starts_with("CALLPLANE_DNC_CHECKER: required"), "{name}: {problems}");
        }
    }
}
