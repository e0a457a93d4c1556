//! What the answer to each question means: one function a probe, from what a vendor showed to a reading.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, Kind, Outcome, Policy, Reading, Trouble};
use crate::domain::{
    id::{AgentId, PhoneNumberId},
    money::Money,
    phone_number::{Assignment, IntegrationMode, PhoneNumber},
    telephony::{AccountSeen, AccountStatus, AlertSeen, NumberSeen},
    word::words,
};

/// Twilio's own words that an account cannot work.
const ACCOUNT_CODES: [i32; 5] = [10001, 10003, 20005, 20403, 30002];

/// Whether the credentials are accepted, and what Twilio calls the account.
pub fn account(seen: Result<AccountSeen, Trouble>, numbers_listed: bool) -> Vec<Reading> {
    match seen {
        Ok(seen) => {
            let status = match seen.status {
                AccountStatus::Active => Reading::pass(Kind::Status, "active"),
                AccountStatus::Suspended => {
                    Reading::fail(Kind::Status, Cause::Suspended, "Twilio suspended the account")
                }
                AccountStatus::Closed => Reading::fail(Kind::Status, Cause::Closed, "the account is closed"),
            };
            vec![Reading::pass(Kind::Credential, "accepted"), status]
        }
        // A Standard key may not read its account, and works all the same.
        Err(trouble) if trouble.cause == Cause::Forbidden && numbers_listed => {
            let message = "the API key may not read its account, which says nothing of the account";
            vec![Reading::pass(Kind::Credential, "accepted"), Reading::skipped(Kind::Status, Cause::Forbidden, message)]
        }
        Err(trouble) => {
            let of_account = matches!(trouble.cause, Cause::Suspended | Cause::Closed);
            let credential = match of_account {
                true => Reading::unknown(Kind::Credential, trouble.cause, trouble.message.clone()),
                false => Reading::of_trouble(Kind::Credential, &trouble),
            };
            vec![credential, Reading::of_trouble(Kind::Status, &trouble)]
        }
    }
}

/// Whether there is enough money left. Only main accounts have a balance.
pub fn balance(seen: Result<Money, Trouble>, policy: &Policy) -> Reading {
    let floor = policy.balance_floor;
    match seen {
        Err(trouble) => Reading::of_trouble(Kind::Balance, &trouble),
        Ok(balance) if balance.currency != floor.currency => {
            let message = format!("{balance} cannot be compared with a floor of {floor}");
            Reading::skipped(Kind::Balance, Cause::OtherCurrency, message)
        }
        Ok(balance) if balance.micros < floor.micros => {
            Reading::fail(Kind::Balance, Cause::LowBalance, format!("{balance} is under the floor of {floor}"))
        }
        Ok(balance) => Reading::pass(Kind::Balance, format!("{balance}")),
    }
}

/// What Twilio complained of lately.
pub fn alerts(seen: Result<Vec<AlertSeen>, Trouble>) -> Reading {
    let alerts = match seen {
        Err(trouble) => return Reading::of_trouble(Kind::Alerts, &trouble),
        Ok(alerts) => alerts,
    };
    let with = |is: &dyn Fn(i32) -> bool| alerts.iter().filter(|alert| is(alert.code)).count();
    let of_account = with(&|code| ACCOUNT_CODES.contains(&code));
    let of_webhooks = with(&|code| (11200..11300).contains(&code) || (15002..=15004).contains(&code));
    let first =
        |is: &dyn Fn(i32) -> bool| alerts.iter().map(|alert| alert.code).find(|code| is(*code)).unwrap_or_default();
    if of_account > 0 {
        let message = format!("Twilio says {of_account} times that the account cannot work");
        let code = first(&|code| ACCOUNT_CODES.contains(&code));
        return Reading { vendor_code: code, ..Reading::fail(Kind::Alerts, Cause::AccountAlerts, message) };
    }
    if of_webhooks > 0 {
        let message =
            format!("Twilio could not use our webhooks {of_webhooks} times: look at the edges, moving would not help");
        let code = first(&|code| (11200..11300).contains(&code) || (15002..=15004).contains(&code));
        return Reading { vendor_code: code, ..Reading::fail(Kind::Alerts, Cause::WebhookErrors, message) };
    }
    Reading::pass(Kind::Alerts, format!("{} alerts in 15 minutes, none of the account or our webhooks", alerts.len()))
}

/// Whether an API key is there that was not there before. The first list is taken for known.
pub fn keys(seen: Result<&BTreeSet<String>, Trouble>, known: Option<&BTreeSet<String>>, own: Option<&str>) -> Reading {
    let seen = match seen {
        Ok(seen) => seen,
        // A key may not list keys; nothing is wrong with that.
        Err(Trouble { cause: Cause::Credentials | Cause::Forbidden, .. }) => {
            let message = "the credentials may not list API keys";
            return Reading::skipped(Kind::Keys, Cause::Forbidden, message);
        }
        Err(trouble) => return Reading::of_trouble(Kind::Keys, &trouble),
    };
    let Some(known) = known else { return Reading::pass(Kind::Keys, format!("{} keys, taken for known", seen.len())) };
    let new = seen.iter().filter(|key| !known.contains(*key) && own != Some(key.as_str())).count();
    match new {
        0 => Reading::pass(Kind::Keys, format!("{} keys, all known", seen.len())),
        new => {
            let message = format!("{new} API keys that were not there before; accept them if they are yours");
            Reading::fail(Kind::Keys, Cause::UnknownKey, message)
        }
    }
}

/// The list of the account's numbers, and each number that should be in it.
pub fn numbers(seen: Result<&[NumberSeen], Trouble>, ours: &[PhoneNumber]) -> Vec<Reading> {
    let seen = match seen {
        Ok(seen) => seen,
        Err(trouble) => return vec![Reading::of_trouble(Kind::Numbers, &trouble)],
    };
    let by_number: BTreeMap<&str, &NumberSeen> = seen.iter().map(|seen| (seen.e164.as_str(), seen)).collect();
    let mut readings = vec![Reading::pass(Kind::Numbers, format!("{} numbers at Twilio", seen.len()))];
    readings.extend(ours.iter().map(|number| {
        let reading = of_number(number, by_number.get(number.e164.as_str()).copied());
        match number.assignment {
            Some(Assignment::Agent(agent)) => reading.of_agent(agent),
            Some(Assignment::RoutePlan(_)) | None => reading,
        }
    }));
    readings
}

fn of_number(number: &PhoneNumber, seen: Option<&NumberSeen>) -> Reading {
    let fail = |cause, message: &str| Reading::fail(Kind::Number, cause, message).of_number(number.id);
    let Some(seen) = seen else {
        return match number.phone_number_sid {
            Some(_) => fail(Cause::NumberReleased, "the number was in this account and is gone"),
            None => fail(Cause::NumberMissing, "Twilio never showed the number in this account"),
        };
    };
    if !seen.capabilities.voice {
        return fail(Cause::NotVoiceCapable, "the number takes no calls");
    }
    let is_ours = number.integration_mode == IntegrationMode::Edge;
    let Some(desired) = number.desired_webhooks.as_ref().filter(|_| is_ours) else {
        return Reading::pass(Kind::Number, "present and voice-capable").of_number(number.id);
    };
    let elsewhere = |seen: &Option<String>, desired: &Option<String>| seen.is_some() && seen != desired;
    if elsewhere(&seen.webhooks.trunk_sid, &desired.trunk_sid)
        || elsewhere(&seen.webhooks.voice_application_sid, &desired.voice_application_sid)
    {
        return fail(Cause::WrongTrunk, "a trunk or an application takes the calls instead of our webhooks");
    }
    if !seen.is_configured_as(desired) {
        return fail(Cause::UrlDrifted, "the webhooks are not those that are desired");
    }
    Reading::pass(Kind::Number, "present, voice-capable, webhooks as desired").of_number(number.id)
}

words! {
    /// Whether ElevenLabs knows an agent.
    Known, "knowledge of an agent" {
        /// It does.
        There = "there",
        /// It was put away.
        Archived = "archived",
        /// It does not.
        Missing = "missing",
    }
}

/// Whether ElevenLabs knows an agent.
pub fn agent(id: AgentId, known: Known) -> Reading {
    let reading = match known {
        Known::There => Reading::pass(Kind::Agent, "ElevenLabs knows it"),
        Known::Archived => Reading::fail(Kind::Agent, Cause::AgentArchived, "the agent is archived at ElevenLabs"),
        Known::Missing => Reading::fail(Kind::Agent, Cause::AgentMissing, "ElevenLabs knows no such agent"),
    };
    reading.of_agent(id)
}

/// Whether ElevenLabs lets an agent answer a number that it owns the voice URL of.
pub fn held(id: AgentId, number: PhoneNumberId, holds: bool) -> Reading {
    let reading = match holds {
        true => Reading::pass(Kind::AgentNumber, "ElevenLabs lets the agent answer the number"),
        false => {
            let message = "ElevenLabs gives the number to another agent or to none";
            Reading::fail(Kind::AgentNumber, Cause::NumberNotHeld, message)
        }
    };
    reading.of_agent(id).of_number(number)
}

/// Whether a look is stored whole. What passed and passed before says nothing new; every account keeps its own probes, and
/// every twentieth look keeps all.
pub fn is_kept(reading: &Reading, whole: bool) -> bool {
    let of_account = reading.agent_id.is_none() && reading.phone_number_id.is_none();
    whole || of_account || reading.outcome != Outcome::Pass
}
