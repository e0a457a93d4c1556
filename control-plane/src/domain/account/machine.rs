//! What can happen to an account. After every change of its credentials, one read at Twilio tells whether they work.

use super::{Account, Event, Patch, Proof, Status};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step, back_off},
    outcome::{Cause, Outcome},
    telephony::{AccountSeen, AccountStatus},
    time::Timestamp,
};

impl Machine for Account {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Created => Ok(self.prove("account.created")),
            Event::Changed(patch) => Ok(self.change(patch)),
            Event::CredentialsChanged(credentials) => {
                Ok(Self { credentials, ..self.clone() }.prove("account.credentials-changed"))
            }
            Event::VerifyRequested if self.credentials.reach_twilio() => Ok(self.prove("account.verify-requested")),
            Event::VerifyRequested => Err(Refusal::new(
                "ACCOUNT_WITHOUT_CREDENTIALS",
                "the account has no credentials to prove; set some first",
            )),
            Event::RoleChanged(role) if role == self.role => Err(Refusal::stale("it has that role already")),
            Event::RoleChanged(role) => Ok(Step::to(Self { role, ..self.clone() }).news("account.role-changed")),
            Event::Read { round, outcome } => match self.proof {
                Proof::Asked { round: asked, attempt } if asked == round => {
                    Ok(self.learn(round, attempt, outcome, now))
                }
                Proof::Asked { .. } | Proof::Waiting { .. } | Proof::Idle => {
                    Err(Refusal::stale("the answer belongs to credentials that were replaced"))
                }
            },
            Event::Tick => match self.proof {
                Proof::Waiting { round, attempt, until } if now >= until => Ok(self.ask(round, attempt)),
                Proof::Waiting { .. } | Proof::Asked { .. } | Proof::Idle => Err(Refusal::stale("too early")),
            },
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.proof {
            Proof::Waiting { until, .. } => Some(until),
            Proof::Idle | Proof::Asked { .. } => None,
        }
    }
}

impl Account {
    fn change(&self, patch: Patch) -> Step<Self> {
        let next = Self {
            display_name: patch.display_name.unwrap_or_else(|| self.display_name.clone()),
            backup_order: patch.backup_order.unwrap_or(self.backup_order),
            region: patch.region.unwrap_or_else(|| self.region.clone()),
            edge_location: patch.edge_location.unwrap_or_else(|| self.edge_location.clone()),
            api_base_url: patch.api_base_url.unwrap_or_else(|| self.api_base_url.clone()),
            ..self.clone()
        };
        let moved = (&next.region, &next.edge_location, &next.api_base_url)
            != (&self.region, &self.edge_location, &self.api_base_url);
        match moved {
            true => next.prove("account.updated"),
            false => Step::to(next).news("account.updated"),
        }
    }

    /// Starts the proof from the beginning: whatever is under way belongs to what was before.
    fn prove(&self, news: &'static str) -> Step<Self> {
        if !self.credentials.reach_twilio() {
            let next = Self {
                status: Status::VerifyOnly,
                status_reason: "no credentials to ask Twilio with".to_owned(),
                proof: Proof::Idle,
                ..self.clone()
            };
            return Step::to(next).news(news);
        }
        let unproved = Self {
            status: Status::Unverified,
            status_reason: "waiting for Twilio's answer".to_owned(),
            ..self.clone()
        };
        // The version differs in every state ever stored, so a round made from it is never used twice.
        let round = self.proof.next_round(u32::try_from(self.version).unwrap_or(u32::MAX - 1));
        unproved.ask(round, 0).news(news)
    }

    fn ask(&self, round: u32, attempt: u32) -> Step<Self> {
        Step::to(Self { proof: Proof::Asked { round, attempt }, ..self.clone() })
            .effect(Effect::ReadAccount { account_id: self.id, round })
    }

    fn learn(&self, round: u32, attempt: u32, outcome: Outcome<AccountSeen>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(seen) => self.proved(&seen, now),
            Outcome::Refused(refused) if !refused.cause.is_transient() => {
                let status = match refused.cause {
                    Cause::Suspended => Status::Suspended,
                    Cause::Closed => Status::Closed,
                    Cause::WrongRegion => Status::WrongRegion,
                    _ => Status::Refused,
                };
                self.settle(status, refused.message, "account.refused")
            }
            Outcome::Refused(refused) => self.wait(round, attempt, &refused.message, now),
            Outcome::Unknown(why) => self.wait(round, attempt, &why, now),
        }
    }

    fn proved(&self, seen: &AccountSeen, now: Timestamp) -> Step<Self> {
        if seen.sid != self.account_sid {
            let reason = "the credentials belong to another account".to_owned();
            return self.settle(Status::Refused, reason, "account.refused");
        }
        let verified = Self { verify_time: Some(now), ..self.clone() };
        match seen.status {
            AccountStatus::Active => verified.settle(Status::Active, String::new(), "account.verified"),
            AccountStatus::Suspended => {
                verified.settle(Status::Suspended, "Twilio says it is suspended".to_owned(), "account.suspended")
            }
            AccountStatus::Closed => {
                verified.settle(Status::Closed, "Twilio says it is closed".to_owned(), "account.closed")
            }
        }
    }

    fn settle(&self, status: Status, status_reason: String, news: &'static str) -> Step<Self> {
        Step::to(Self { status, status_reason, proof: Proof::Idle, ..self.clone() }).news(news)
    }

    fn wait(&self, round: u32, attempt: u32, why: &str, now: Timestamp) -> Step<Self> {
        let until = now + back_off(attempt);
        let proof = Proof::Waiting { round, attempt: attempt + 1, until };
        Step::to(Self { status_reason: format!("not proved yet: {why}"), proof, ..self.clone() })
    }
}
