//! An account and the proof of its credentials: after every change, one read at Twilio tells whether they work.

use serde::{Deserialize, Serialize};

use super::{
    effect::Effect,
    id::{AccountId, WorkspaceId},
    machine::{Machine, Refusal, Step, back_off},
    outcome::{Cause, Outcome},
    sid::{AccountSid, ApiKeySid},
    telephony::{AccountSeen, AccountStatus},
    time::Timestamp,
    word::words,
};

words! {
    /// What an account is for.
    Role, "account role" {
        /// Used first; exactly one a workspace.
        Primary = "primary",
        /// Takes over when the primary fails.
        Backup = "backup",
    }
}

words! {
    /// What we know of an account.
    Status, "account status" {
        /// Its credentials have not been proved yet.
        Unverified = "unverified",
        /// Twilio confirmed them and calls it active.
        Active = "active",
        /// Twilio suspended it.
        Suspended = "suspended",
        /// Closed for good.
        Closed = "closed",
        /// Twilio refused the credentials.
        Refused = "refused",
        /// They belong to another region.
        WrongRegion = "wrong-region",
        /// Nothing to ask Twilio with.
        VerifyOnly = "verify-only",
    }
}

/// Which credentials are stored; their values are sealed elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// When the primary auth token was set.
    pub auth_token_time: Option<Timestamp>,
    /// When the secondary one was.
    pub secondary_auth_token_time: Option<Timestamp>,
    /// The API key.
    pub api_key_sid: Option<ApiKeySid>,
}

impl Credentials {
    /// Whether Twilio can be asked anything.
    pub fn reach_twilio(&self) -> bool {
        self.auth_token_time.is_some() || self.api_key_sid.is_some()
    }

    /// Whether a webhook can be verified: an API key never signs one.
    pub fn verify_webhooks(&self) -> bool {
        self.auth_token_time.is_some() || self.secondary_auth_token_time.is_some()
    }
}

/// Where the proof of the credentials stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Proof {
    /// Nothing is asked.
    #[default]
    Idle,
    /// Twilio is being asked.
    Asked { round: u32, attempt: u32 },
    /// Twilio could not be asked; asked again at `until`.
    Waiting { round: u32, attempt: u32, until: Timestamp },
}

impl Proof {
    fn next_round(&self, last: u32) -> u32 {
        match self {
            Self::Idle => last + 1,
            Self::Asked { round, .. } | Self::Waiting { round, .. } => last.max(*round) + 1,
        }
    }
}

/// A Twilio account or subaccount.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Ours.
    pub id: AccountId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// Twilio's.
    pub account_sid: AccountSid,
    /// The account it is a subaccount of.
    pub parent_id: Option<AccountId>,
    /// What it is for.
    pub role: Role,
    /// Which backup comes first.
    pub backup_order: i64,
    /// The Twilio region; empty for `us1`.
    pub region: String,
    /// The Twilio edge; empty for the region's own.
    pub edge_location: String,
    /// Another address for the REST API; empty for Twilio's.
    pub api_base_url: String,
    /// What we know of it.
    pub status: Status,
    /// Why it is not active.
    pub status_reason: String,
    /// Which credentials are stored.
    pub credentials: Credentials,
    /// When Twilio last confirmed them.
    pub verify_time: Option<Timestamp>,
    /// Where the proof stands.
    pub proof: Proof,
    /// How often the row changed; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// New values of what an operator may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// Which backup comes first.
    pub backup_order: Option<i64>,
    /// The region.
    pub region: Option<String>,
    /// The edge.
    pub edge_location: Option<String>,
    /// The address of the REST API.
    pub api_base_url: Option<String>,
}

/// What can happen to an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It is new.
    Created,
    /// An operator changed it.
    Changed(Patch),
    /// Other credentials are stored.
    CredentialsChanged(Credentials),
    /// An operator wants proof.
    VerifyRequested,
    /// It becomes the primary, or a backup.
    RoleChanged(Role),
    /// Twilio answered, or did not.
    Read { round: u32, outcome: Outcome<AccountSeen> },
    /// The time it asked for has come.
    Tick,
}

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
