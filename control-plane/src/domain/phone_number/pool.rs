//! A number as a backup: waiting in the pool, held by a move of a failover, in use since, or put aside.

use super::{Assignment, PhoneNumber, State};
use crate::domain::{
    id::{AgentId, MoveId},
    machine::{Refusal, Step},
    word::words,
};

words! {
    /// How a backup number stands.
    PoolState, "pool state" {
        /// Any move may have it.
        Free = "free",
        /// A move prepares it.
        Reserved = "reserved",
        /// A move put somebody on it.
        InUse = "in-use",
        /// It did not work; nobody gets it until an operator looked at it.
        Quarantined = "quarantined",
    }
}

/// How a number stands as a backup number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Whether it can be had.
    pub state: PoolState,
    /// Why it is quarantined; otherwise empty.
    pub reason: String,
    /// The move that holds or uses it.
    pub reserved_by: Option<MoveId>,
    /// The agent it is kept for; nobody else gets it.
    pub pinned_agent_id: Option<AgentId>,
}

impl Pool {
    /// A number that any move may have.
    pub const FREE: Self =
        Self { state: PoolState::Free, reason: String::new(), reserved_by: None, pinned_agent_id: None };

    fn now(&self, state: PoolState, reserved_by: Option<MoveId>, reason: String) -> Self {
        Self { state, reason, reserved_by, pinned_agent_id: self.pinned_agent_id }
    }
}

/// What can happen to a number as a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    /// An operator makes it a backup number.
    Pooled,
    /// An operator takes it out of the pool.
    Unpooled,
    /// An operator keeps it for this agent.
    Pinned(AgentId),
    /// It is kept for nobody.
    Unpinned,
    /// A move holds it, so that no other one does.
    Reserved { by: MoveId },
    /// The move that holds it puts somebody on it: half of the flip.
    Taken { by: MoveId, assignment: Assignment },
    /// The move that has it needs it no longer.
    Released { by: MoveId },
    /// The move that has it found that it does not work.
    Quarantined { by: MoveId, why: String },
    /// Nobody has it yet, and a look at its account found that it would not work.
    SetAside { why: String },
    /// An operator looked at it and trusts it again.
    Requalified,
}

const NOT_POOLED: Refusal = Refusal::new("NUMBER_NOT_POOLED", "the number is not in the pool; add it with AddToPool");
const NOT_FREE: Refusal =
    Refusal::new("NUMBER_NOT_FREE", "the number is not free: another move has it, or it is unfit");
const HELD: Refusal = Refusal::new(
    "NUMBER_IN_FAILOVER",
    "a failover holds the number; roll that failover back (`callplane failover rollback`) or let it end first",
);
const NOT_YOURS: Refusal = Refusal::stale("the number belongs to another move, or to none");
const NOT_ASIDE: Refusal = Refusal::new("NUMBER_NOT_QUARANTINED", "the number is not quarantined");

impl PhoneNumber {
    /// Whether a move may have it now.
    pub fn is_free_backup(&self) -> bool {
        self.can_stand_in() && self.pool.as_ref().is_some_and(|pool| pool.state == PoolState::Free)
    }

    /// Twilio confirmed it, it takes calls, and nobody is on it.
    fn can_stand_in(&self) -> bool {
        self.state == State::Active && self.capabilities.voice && self.assignment.is_none()
    }

    pub(super) fn refuse_waiting_backup(&self) -> Result<(), Refusal> {
        match self.pool.as_ref().map(|pool| pool.state) {
            None | Some(PoolState::InUse) => Ok(()),
            Some(PoolState::Free | PoolState::Reserved | PoolState::Quarantined) => Err(Refusal::new(
                "NUMBER_POOLED",
                "the number is a backup number and waits for a failover; take it out of the pool first (RemoveFromPool)",
            )),
        }
    }

    /// For whoever takes it away from a move by hand.
    pub fn refuse_held_by_a_move(&self) -> Result<(), Refusal> {
        match self.pool.as_ref().map(|pool| pool.state) {
            Some(PoolState::Reserved | PoolState::InUse) => Err(HELD),
            None | Some(PoolState::Free | PoolState::Quarantined) => Ok(()),
        }
    }

    pub(super) fn pool_step(&self, event: PoolEvent) -> Result<Step<Self>, Refusal> {
        use PoolState as P;
        match (&self.pool, event) {
            (pool, PoolEvent::Pooled) => self.enter_pool(pool.as_ref()),
            (None, PoolEvent::Released { .. } | PoolEvent::Quarantined { .. } | PoolEvent::Taken { .. }) => {
                Err(NOT_YOURS)
            }
            (None, PoolEvent::Reserved { .. } | PoolEvent::SetAside { .. }) => Err(NOT_FREE),
            (None, PoolEvent::Unpooled | PoolEvent::Pinned(_) | PoolEvent::Unpinned | PoolEvent::Requalified) => {
                Err(NOT_POOLED)
            }
            (Some(pool), PoolEvent::Unpooled) => match pool.state {
                P::Free | P::Quarantined => Ok(Step::to(Self { pool: None, ..self.clone() }).news("number.unpooled")),
                P::Reserved | P::InUse => Err(HELD),
            },
            (Some(pool), PoolEvent::Pinned(agent)) => Ok(self.pinned(pool, Some(agent)).news("number.pinned")),
            (Some(pool), PoolEvent::Unpinned) => Ok(self.pinned(pool, None).news("number.unpinned")),
            (Some(pool), PoolEvent::Requalified) => match pool.state {
                P::Quarantined => {
                    Ok(self.pooled(pool.now(P::Free, None, String::new()), None).news("number.requalified"))
                }
                P::Free | P::Reserved | P::InUse => Err(NOT_ASIDE),
            },
            (Some(pool), PoolEvent::SetAside { why }) => match pool.state {
                P::Free => Ok(self.pooled(pool.now(P::Quarantined, None, why), None).news("number.quarantined")),
                P::Reserved | P::InUse | P::Quarantined => Err(NOT_FREE),
            },
            (Some(pool), PoolEvent::Reserved { by }) => self.reserve(pool, by),
            (Some(pool), PoolEvent::Taken { by, assignment }) => self.take(pool, by, assignment),
            (Some(pool), PoolEvent::Released { by }) => {
                pool.held_by(by)?;
                Ok(self.pooled(pool.now(P::Free, None, String::new()), None).news("number.released"))
            }
            (Some(pool), PoolEvent::Quarantined { by, why }) => {
                pool.held_by(by)?;
                Ok(self.pooled(pool.now(P::Quarantined, None, why), None).news("number.quarantined"))
            }
        }
    }

    fn enter_pool(&self, pool: Option<&Pool>) -> Result<Step<Self>, Refusal> {
        match (self.state, pool) {
            (_, Some(_)) => Err(Refusal::new("NUMBER_POOLED", "the number is in the pool already")),
            (State::Pending, None) => Err(Refusal::new(
                "NUMBER_NOT_VERIFIED",
                "Twilio has not confirmed yet that the account owns the number; wait until it is active",
            )),
            (State::Refused, None) => {
                Err(Refusal::new("NUMBER_REFUSED", "Twilio refused this number; import it again from its own account"))
            }
            (State::VerifyOnly, None) => Err(Refusal::new(
                "NUMBER_VERIFY_ONLY",
                "the number was registered by hand, and a failover could not configure it; import it instead",
            )),
            (State::Active, None) if !self.capabilities.voice => {
                Err(Refusal::new("NUMBER_WITHOUT_VOICE", "the number cannot take calls: it has no voice capability"))
            }
            (State::Active, None) if self.assignment.is_some() => Err(Refusal::new(
                "NUMBER_IN_USE",
                "somebody answers the number; a backup number waits unassigned (UnassignPhoneNumber)",
            )),
            (State::Active, None) => Ok(self.pooled(Pool::FREE, None).news("number.pooled")),
        }
    }

    fn reserve(&self, pool: &Pool, by: MoveId) -> Result<Step<Self>, Refusal> {
        match pool.state {
            PoolState::Free if self.can_stand_in() => {
                Ok(self.pooled(pool.now(PoolState::Reserved, Some(by), String::new()), None).news("number.reserved"))
            }
            PoolState::Free | PoolState::Reserved | PoolState::InUse | PoolState::Quarantined => Err(NOT_FREE),
        }
    }

    fn take(&self, pool: &Pool, by: MoveId, assignment: Assignment) -> Result<Step<Self>, Refusal> {
        match pool.state {
            // Twilio may have disowned it since it was reserved.
            PoolState::Reserved if pool.reserved_by == Some(by) && !self.can_stand_in() => Err(NOT_FREE),
            PoolState::Reserved if pool.reserved_by == Some(by) => {
                let taken = pool.now(PoolState::InUse, Some(by), String::new());
                Ok(self.pooled(taken, Some(assignment)).news("number.assigned"))
            }
            PoolState::Free | PoolState::Reserved | PoolState::InUse | PoolState::Quarantined => Err(NOT_YOURS),
        }
    }

    fn pooled(&self, pool: Pool, assignment: Option<Assignment>) -> Step<Self> {
        Step::to(Self { pool: Some(pool), assignment, ..self.clone() })
    }

    fn pinned(&self, pool: &Pool, pinned_agent_id: Option<AgentId>) -> Step<Self> {
        Step::to(Self { pool: Some(Pool { pinned_agent_id, ..pool.clone() }), ..self.clone() })
    }
}

impl Pool {
    fn held_by(&self, by: MoveId) -> Result<(), Refusal> {
        match self.state {
            PoolState::Reserved | PoolState::InUse if self.reserved_by == Some(by) => Ok(()),
            PoolState::Free | PoolState::Reserved | PoolState::InUse | PoolState::Quarantined => Err(NOT_YOURS),
        }
    }
}

#[cfg(test)]
mod tests;
