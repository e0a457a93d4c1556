//! A new attempt: checked by the guards and begun in one transaction, or refused with their verdict. Also what takes one
//! back.

use super::{Admission, Held, Wish, admit, lock, run, wake::denied};
use crate::{
    domain::{
        attempt::{Address, Attempt, Content, Event, Heard, Lane, Limits, Pricing, Work},
        error::{Error, Result},
        guard::Verdict,
        id::{AttemptId, ContactId, IncidentId},
        ladder::Channel,
        machine::{Machine, Step},
    },
    flow::Journal,
    store::{Kept, attempt as store},
};

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// How.
    pub channel: Channel,
    /// Where.
    pub to: Address,
    /// Who, if we know them.
    pub contact_id: Option<ContactId>,
    /// The incident and the number of its step.
    pub step: Option<(IncidentId, u32)>,
    /// What calls are counted by: the event and the person.
    pub count_by: (String, String),
    /// Who goes first.
    pub lane: Lane,
    /// What is said.
    pub content: Content,
    /// What it may cost in time.
    pub limits: Limits,
}

/// What became of it.
#[derive(Debug)]
pub enum Placed {
    /// It is under way, or waits for its turn.
    Attempt(Box<Attempt>),
    /// The line is taken until then, and nothing was stored.
    Later(crate::domain::time::Timestamp),
}

/// Makes one, if the guards let it through; the attempt that comes back is over when they do not. One that keeps its place
/// is stored when the line is taken, and goes on by itself.
pub async fn place(journal: &mut Journal<'_>, order: Order, wish: &Wish<'_>) -> Result<Placed> {
    let id = AttemptId::fresh(&*journal.ctx().ids);
    let admission = admit(journal, wish, id).await?;
    let is_counted = matches!(admission, Admission::Later { .. }) && wish.keeps_place;
    let fresh = Attempt { owes_slot: !is_counted, ..fresh(journal, id, order) };
    let event = match admission {
        Admission::Later { until } if !wish.keeps_place => return Ok(Placed::Later(until)),
        Admission::Later { until } => Event::Held { until },
        Admission::Go { route, verdict, cost_micros } => Event::Admitted { route, verdict, cost_micros },
        Admission::No { verdict } => denied(verdict),
    };
    let Step { next, effects, news } = fresh.step(event, journal.now)?;
    let next = next.stamped(1, journal.now);
    store::insert(journal.txn(), &next).await?;
    journal.publish(&next, id, effects, news).await?;
    Ok(Placed::Attempt(Box::new(next)))
}

fn fresh(journal: &Journal<'_>, id: AttemptId, order: Order) -> Attempt {
    let Order { channel, to, contact_id, step, count_by: (event_key, person_key), lane, content, limits } = order;
    Attempt {
        id,
        workspace_id: journal.workspace,
        channel,
        to,
        contact_id,
        step,
        event_key,
        person_key,
        lane,
        content,
        limits,
        account_id: None,
        phone_number_id: None,
        from: None,
        avoided: Vec::new(),
        verdict: Verdict::default(),
        work: Work::Waiting { until: journal.now },
        round: 0,
        tries: 0,
        owes_slot: true,
        vendor_sid: String::new(),
        call_id: None,
        message_id: None,
        strays: Vec::new(),
        heard: Heard::default(),
        menus: 0,
        withdrawn: String::new(),
        ending: None,
        reason: String::new(),
        error: String::new(),
        error_code: 0,
        simulated: false,
        cost_micros: 0,
        pricing: Pricing::default(),
        begin_time: None,
        end_time: None,
        version: 0,
        create_time: journal.now,
        update_time: journal.now,
    }
}

/// Takes one back: what waits is not made, what rings is ended. Who talks is not cut off.
pub async fn withdraw(journal: &mut Journal<'_>, id: AttemptId, why: &'static str, actor: &str) -> Result<Attempt> {
    let held = lock(journal, id).await?.ok_or_else(|| Error::not_found(Attempt::NOUN))?;
    let Held { attempt, .. } = run(journal, held, Event::Withdrawn { why }, actor).await??;
    Ok(attempt)
}
