//! What the answer of a mail vendor that speaks HTTP means. Source: the error tables of SendGrid and Resend.

use crate::{
    domain::outcome::{Cause, Outcome, Refused},
    provider::line::Answer,
};

/// What an answer other than 2xx means. Their texts name addresses, so none of them is passed on.
pub fn meaning<T>(vendor: &str, answer: &Answer) -> Outcome<T> {
    let (cause, message) = match answer.status {
        400 | 422 => (Cause::Invalid, "does not accept the mail; is the sender's address as it should be?"),
        401 => (Cause::Credentials, "does not accept the API key"),
        403 => (Cause::Permission, "does not let this key send from this address; verify the sender there"),
        404 | 405 => (Cause::Invalid, "does not know the address of its API; check CALLPLANE_MAIL_BASE_URL"),
        409 => (Cause::RateLimited, "is at work on the same mail"),
        413 => (Cause::Invalid, "says that the mail is too large"),
        429 => (Cause::RateLimited, "asks to wait; nothing was sent"),
        status => return Outcome::Unknown(format!("{vendor} answered {status}")),
    };
    Outcome::Refused(Refused { cause, code: 0, http_status: answer.status, message: format!("{vendor} {message}") })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_is_certain_is_refused_and_a_broken_vendor_leaves_doubt() {
        let of = |status| {
            meaning::<()>(
                "SendGrid",
                &Answer { status, body: Ok(Bytes::from_static(b"ops@example.com")), retry_after: None },
            )
        };
        for (status, expected) in [
            (400, Cause::Invalid),
            (401, Cause::Credentials),
            (403, Cause::Permission),
            (413, Cause::Invalid),
            (429, Cause::RateLimited),
        ] {
            let Outcome::Refused(refused) = of(status) else { panic!("{status} is certain") };
            assert_eq!(refused.cause, expected);
            assert!(!refused.message.contains('@'), "{}", refused.message);
        }
        for status in [302, 408, 500, 503] {
            assert!(matches!(of(status), Outcome::Unknown(_)), "{status}");
        }
    }
}
