//! One thing that was looked at and how it was: the words of a probe, and what the end of a vendor call says about it.

use serde::{Deserialize, Serialize};

use crate::domain::{
    id::{AgentId, PhoneNumberId},
    outcome::{self, Refused},
    word::words,
};

words! {
    /// What was looked at.
    Kind, "kind of probe" {
        /// Whether Twilio accepts the credentials.
        Credential = "credential",
        /// Whether Twilio calls the account active.
        Status = "status",
        /// Whether the balance is over the floor.
        Balance = "balance",
        /// What Twilio complains of lately.
        Alerts = "alerts",
        /// Whether the API keys are those that were there before.
        Keys = "keys",
        /// Whether the account's numbers can be listed.
        Numbers = "numbers",
        /// A number: present, able to take calls, configured as desired.
        Number = "number",
        /// Whether ElevenLabs knows the agent.
        Agent = "agent",
        /// Whether ElevenLabs lets the agent answer its number.
        AgentNumber = "agent-number",
        /// How real calls went.
        Traffic = "traffic",
    }
}

words! {
    /// How it was.
    Outcome, "outcome of a probe" {
        /// As it should be.
        Pass = "pass",
        /// Not as it should be.
        Fail = "fail",
        /// There was nothing to look at.
        Skipped = "skipped",
        /// It could not be seen.
        Unknown = "unknown",
    }
}

words! {
    /// Why a probe did not pass.
    Cause, "cause of a probe's outcome" {
        /// 401 or 20003: the credentials are not accepted.
        Credentials = "credentials",
        /// 403: the credentials may not even look.
        Forbidden = "forbidden",
        /// The credentials belong to another region.
        WrongRegion = "wrong-region",
        /// The account is suspended.
        Suspended = "suspended",
        /// The account is closed.
        Closed = "closed",
        /// Another refusal.
        Refused = "refused",
        /// 429.
        RateLimited = "rate-limited",
        /// We did not ask.
        NotTried = "not-tried",
        /// There are no credentials to ask with.
        NoCredentials = "no-credentials",
        /// 5xx.
        ServerError = "server-error",
        /// No answer before the deadline.
        Timeout = "timeout",
        /// The vendor's name has no address.
        Dns = "dns",
        /// No encrypted connection came about.
        Tls = "tls",
        /// No connection came about.
        Unreachable = "unreachable",
        /// The connection broke.
        Broken = "broken",
        /// An answer that is none.
        Unreadable = "unreadable",
        /// The balance is under the floor.
        LowBalance = "low-balance",
        /// The balance is in another currency than the floor.
        OtherCurrency = "other-currency",
        /// A subaccount has no balance of its own.
        Subaccount = "subaccount",
        /// Twilio never showed the number in this account.
        NumberMissing = "number-missing",
        /// The number was in this account and is gone.
        NumberReleased = "number-released",
        /// The number takes no calls.
        NotVoiceCapable = "not-voice-capable",
        /// The webhooks are not those that are desired.
        UrlDrifted = "voice-url-drifted",
        /// A trunk or an application takes the calls.
        WrongTrunk = "wrong-trunk",
        /// Calls used to come, and none does.
        Silent = "silent",
        /// Too many calls were not answered.
        Unanswered = "unanswered",
        /// Agents could not be reached when calls came.
        AgentUnreachable = "agent-unreachable",
        /// Calls and messages that the account would not make.
        CreatesRefused = "creates-refused",
        /// Calls that no webhook told of.
        WebhooksSilent = "webhooks-silent",
        /// ElevenLabs knows no such agent.
        AgentMissing = "agent-missing",
        /// The agent is archived at ElevenLabs.
        AgentArchived = "agent-archived",
        /// There is no key to ask ElevenLabs with.
        NoAgentKey = "no-agent-key",
        /// ElevenLabs gives the number to another agent or to none.
        NumberNotHeld = "number-not-held",
        /// Twilio says that the account cannot work.
        AccountAlerts = "account-alerts",
        /// Twilio could not use our webhooks.
        WebhookErrors = "webhook-errors",
        /// An API key that was not there before.
        UnknownKey = "unknown-key",
        /// Many more calls than usual.
        CallSurge = "call-surge",
        /// Calls to a country where none may go.
        BlockedCountry = "blocked-country",
    }
}

/// What one probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What was looked at.
    pub kind: Kind,
    /// How it was.
    pub outcome: Outcome,
    /// Why, unless it passed.
    pub cause: Option<Cause>,
    /// The agent it is about.
    pub agent_id: Option<AgentId>,
    /// The number it is about.
    pub phone_number_id: Option<PhoneNumberId>,
    /// How long it took.
    pub latency_ms: u32,
    /// The vendor's own code; 0 for none.
    pub vendor_code: i32,
    /// In words, fit to show.
    pub message: String,
}

impl Reading {
    /// Nothing is wrong.
    pub fn pass(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::Pass, None, message)
    }

    /// Something is wrong.
    pub fn fail(kind: Kind, cause: Cause, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::Fail, Some(cause), message)
    }

    /// There was nothing to look at.
    pub fn skipped(kind: Kind, cause: Cause, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::Skipped, Some(cause), message)
    }

    /// It could not be seen.
    pub fn unknown(kind: Kind, cause: Cause, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::Unknown, Some(cause), message)
    }

    fn new(kind: Kind, outcome: Outcome, cause: Option<Cause>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, outcome, cause, agent_id: None, phone_number_id: None, latency_ms: 0, vendor_code: 0, message }
    }

    /// It took so long.
    #[must_use]
    pub fn after(self, latency: std::time::Duration) -> Self {
        Self { latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX), ..self }
    }

    /// It is about a number.
    #[must_use]
    pub fn of_number(self, id: PhoneNumberId) -> Self {
        Self { phone_number_id: Some(id), ..self }
    }

    /// It is about an agent.
    #[must_use]
    pub fn of_agent(self, id: AgentId) -> Self {
        Self { agent_id: Some(id), ..self }
    }

    /// What was asked did not come: a refusal says something about the account, everything else about the way to it.
    pub fn of_trouble(kind: Kind, trouble: &Trouble) -> Self {
        let Trouble { cause, code, message } = trouble;
        let outcome = if cause.is_said_by_vendor() { Outcome::Fail } else { Outcome::Unknown };
        Self { vendor_code: *code, ..Self::new(kind, outcome, Some(*cause), message.clone()) }
    }
}

/// Why a vendor did not answer what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// In a word.
    pub cause: Cause,
    /// The vendor's own code; 0 for none.
    pub code: i32,
    /// In words, fit to show.
    pub message: String,
}

impl Trouble {
    /// The end of a vendor call, if it brought nothing.
    pub fn of<T>(outcome: outcome::Outcome<T>) -> Result<T, Self> {
        match outcome {
            outcome::Outcome::Done(value) => Ok(value),
            outcome::Outcome::Refused(refused) => Err(Self::refused(refused)),
            outcome::Outcome::Unknown(why) => Err(Self { cause: lost(&why), code: 0, message: why }),
        }
    }

    /// A check that did not end before its deadline.
    pub fn late() -> Self {
        Self { cause: Cause::Timeout, code: 0, message: outcome::why::LATE.to_owned() }
    }

    fn refused(refused: Refused) -> Self {
        let Refused { cause, code, http_status, message } = refused;
        Self { cause: meant(cause, http_status), code, message }
    }
}

fn meant(cause: outcome::Cause, http_status: u16) -> Cause {
    use outcome::Cause as C;
    match cause {
        C::Credentials if http_status == 0 => Cause::NoCredentials,
        C::Credentials => Cause::Credentials,
        C::WrongRegion => Cause::WrongRegion,
        C::Suspended => Cause::Suspended,
        C::Closed => Cause::Closed,
        C::Permission => Cause::Forbidden,
        C::NotFound | C::Invalid => Cause::Refused,
        C::RateLimited => Cause::RateLimited,
        C::NoAddress => Cause::Dns,
        C::Insecure => Cause::Tls,
        C::Unreachable => Cause::Unreachable,
        C::NotTried => Cause::NotTried,
    }
}

/// The words are ours, so they say what happened.
fn lost(why: &str) -> Cause {
    match why {
        outcome::why::LATE => Cause::Timeout,
        outcome::why::BROKEN => Cause::Broken,
        why if why.ends_with(outcome::why::LATE_BODY) => Cause::Timeout,
        why if why.ends_with(outcome::why::BROKEN_BODY) => Cause::Broken,
        why if why.contains("answered 5") && !why.contains("but") => Cause::ServerError,
        _ => Cause::Unreadable,
    }
}

impl Cause {
    /// The vendor itself said so.
    pub fn is_said_by_vendor(self) -> bool {
        matches!(
            self,
            Self::Credentials
                | Self::Forbidden
                | Self::WrongRegion
                | Self::Suspended
                | Self::Closed
                | Self::Refused
                | Self::AgentMissing
                | Self::AgentArchived
        )
    }

    /// How far we got.
    pub fn reach(self) -> Reach {
        match self {
            Self::Dns | Self::Tls | Self::Unreachable => Reach::Unreachable,
            Self::Timeout | Self::Broken => Reach::Silent,
            Self::ServerError | Self::Unreadable => Reach::Erring,
            Self::NotTried | Self::NoCredentials | Self::NoAgentKey => Reach::Untried,
            _ => Reach::Answered,
        }
    }
}

words! {
    /// How far we got towards a vendor.
    Reach, "reach" {
        /// We did not try.
        Untried = "untried",
        /// It answers, whatever it says.
        Answered = "answered",
        /// It answers that it is broken.
        Erring = "erring",
        /// It does not answer.
        Silent = "silent",
        /// There is no connection.
        Unreachable = "unreachable",
    }
}

impl Reach {
    /// It is there but of no use, or it is not there.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Erring | Self::Silent | Self::Unreachable)
    }

    /// Nobody says anything: it could be our own fault.
    pub fn is_mute(self) -> bool {
        matches!(self, Self::Silent | Self::Unreachable)
    }

    /// Of several questions to the same vendor: one answer is enough to know that it is there.
    pub fn best(of: impl IntoIterator<Item = Self>) -> Self {
        let rank = |reach: &Self| match reach {
            Self::Untried => 0,
            Self::Unreachable => 1,
            Self::Silent => 2,
            Self::Erring => 3,
            Self::Answered => 4,
        };
        of.into_iter().max_by_key(rank).unwrap_or(Self::Untried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_refusal(cause: outcome::Cause, http_status: u16) -> Cause {
        let refused = Refused { cause, code: 0, http_status, message: String::new() };
        Trouble::of::<()>(outcome::Outcome::Refused(refused)).expect_err("refused").cause
    }

    #[test]
    fn each_way_an_account_can_fail_has_its_own_cause() {
        use outcome::Cause as C;
        for (cause, status, expected) in [
            (C::Credentials, 401, Cause::Credentials),
            (C::Permission, 403, Cause::Forbidden),
            (C::Suspended, 403, Cause::Suspended),
            (C::Closed, 401, Cause::Closed),
            (C::WrongRegion, 401, Cause::WrongRegion),
            (C::RateLimited, 429, Cause::RateLimited),
            (C::NoAddress, 0, Cause::Dns),
            (C::Insecure, 0, Cause::Tls),
            (C::Unreachable, 0, Cause::Unreachable),
            (C::NotTried, 0, Cause::NotTried),
            (C::Credentials, 0, Cause::NoCredentials),
        ] {
            assert_eq!(of_refusal(cause, status), expected);
        }
        for (why, expected) in [
            (outcome::why::LATE, Cause::Timeout),
            (outcome::why::BROKEN, Cause::Broken),
            ("Twilio answered 503", Cause::ServerError),
            ("Twilio answered 500 (code 20500)", Cause::ServerError),
            ("ElevenLabs answered 502", Cause::ServerError),
            ("Twilio answered 200, but the answer could not be read", Cause::Unreadable),
        ] {
            let trouble = Trouble::of::<()>(outcome::Outcome::Unknown(why.to_owned())).expect_err("lost");
            assert_eq!(trouble.cause, expected, "{why}");
        }
    }

    #[test]
    fn a_refusal_is_a_failure_and_a_lost_answer_is_not_known() {
        let says =
            |cause| Reading::of_trouble(Kind::Status, &Trouble { cause, code: 0, message: String::new() }).outcome;
        assert_eq!(says(Cause::Suspended), Outcome::Fail);
        assert_eq!(says(Cause::ServerError), Outcome::Unknown);
        assert_eq!(says(Cause::RateLimited), Outcome::Unknown);
    }

    #[test]
    fn one_answer_is_enough_to_know_that_a_vendor_is_there() {
        assert_eq!(Reach::best([Reach::Silent, Reach::Answered, Reach::Erring]), Reach::Answered);
        assert_eq!(Reach::best([Reach::Unreachable, Reach::Silent]), Reach::Silent);
        assert_eq!(Reach::best([]), Reach::Untried);
    }
}
