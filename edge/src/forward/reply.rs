//! Reading a control plane's reply: which webhook it belongs to, and what came of it.

use callplane_proto::edge::v1::{Failure, FailureReason, Instructions, Messages, Reply, reply};

use super::Unanswered;

/// What a control plane made of a webhook.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Stored; nothing to say.
    Accepted,
    /// Stored; do this with the call.
    Instructions(Instructions),
    /// Stored; send this back.
    Messages(Messages),
    /// It makes no sense to the control plane.
    Invalid(String),
    /// The account has gone since the signature was checked.
    UnknownAccount,
}

/// The replies to a batch, each given out once.
pub struct Replies(Vec<Option<Reply>>);

impl Replies {
    pub fn new(replies: Vec<Reply>) -> Self {
        Self(replies.into_iter().map(Some).collect())
    }

    /// The reply to the webhook at `index`; replies are in order, and the key proves it.
    pub fn of(&mut self, index: usize, key: &str) -> Option<Reply> {
        let fits = |reply: &Option<Reply>| reply.as_ref().is_some_and(|reply| reply.delivery_key == key);
        let at = if self.0.get(index).is_some_and(fits) { index } else { self.0.iter().position(fits)? };
        self.0[at].take()
    }
}

/// What came of it; a failure that may pass is no outcome.
pub fn outcome(reply: Reply) -> Result<Outcome, Unanswered> {
    match reply.outcome {
        Some(reply::Outcome::Accepted(_)) => Ok(Outcome::Accepted),
        Some(reply::Outcome::Instructions(instructions)) => Ok(Outcome::Instructions(instructions)),
        Some(reply::Outcome::Messages(messages)) => Ok(Outcome::Messages(messages)),
        Some(reply::Outcome::Failure(failure)) => failed(failure),
        None => Err(Unanswered::NoReply),
    }
}

fn failed(failure: Failure) -> Result<Outcome, Unanswered> {
    match failure.reason() {
        FailureReason::Invalid => Ok(Outcome::Invalid(failure.message)),
        FailureReason::UnknownAccount => Ok(Outcome::UnknownAccount),
        FailureReason::Unavailable | FailureReason::Unspecified => Err(Unanswered::NotStored),
    }
}

#[cfg(test)]
mod tests {
    use callplane_proto::edge::v1::{Accepted, Failure, FailureReason, Reply, reply};

    use super::{Outcome, Replies, Unanswered, outcome};

    fn reply(key: &str, outcome: Option<reply::Outcome>) -> Reply {
        Reply { delivery_key: key.into(), outcome }
    }

    #[test]
    fn a_reply_goes_to_the_webhook_it_names() {
        let mut replies = Replies::new(vec![reply("b", None), reply("a", None), reply("c", None)]);
        let mut key = |index, key| replies.of(index, key).map(|reply| reply.delivery_key);
        assert_eq!([key(0, "a").as_deref(), key(1, "b").as_deref()], [Some("a"), Some("b")]);
        assert_eq!(key(2, "c").as_deref(), Some("c"));
        assert_eq!((key(0, "d"), key(0, "a")), (None, None), "nobody gets what is another's or was given out");
    }

    #[test]
    fn only_what_was_stored_or_refused_for_good_is_an_outcome() {
        let failure = |reason: FailureReason| {
            outcome(reply("a", Some(reply::Outcome::Failure(Failure { reason: reason.into(), message: "why".into() }))))
        };
        assert_eq!(outcome(reply("a", Some(reply::Outcome::Accepted(Accepted {})))), Ok(Outcome::Accepted));
        assert_eq!(failure(FailureReason::Invalid), Ok(Outcome::Invalid("why".into())));
        assert_eq!(failure(FailureReason::UnknownAccount), Ok(Outcome::UnknownAccount));
        assert_eq!(failure(FailureReason::Unavailable), Err(Unanswered::NotStored));
        assert_eq!(outcome(reply("a", None)), Err(Unanswered::NoReply));
    }
}
