//! What would happen: a ladder for an event, step by step, with what the guards would say of each now. Nothing is stored.

use sea_orm::ConnectionTrait;

use super::wake::{address, content, wish};
use crate::{
    domain::{
        attempt::{Content, Limits},
        error::{Error, Result},
        guard::{Check, Guard, Verdict},
        incident::{Incident, Step, plan},
        time::Timestamp,
    },
    flow::attempt::look,
    store::{self, Scope},
};

/// A step that would be.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The step.
    pub step: Step,
    /// What the guards would say at the time it is due.
    pub verdict: Verdict,
    /// What would be said; `None` when there is nobody to say it to.
    pub content: Option<Content>,
}

/// Every step of an incident that was not opened.
pub async fn forecast<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    incident: &Incident,
    now: Timestamp,
) -> Result<Vec<Forecast>> {
    let mut forecasts = Vec::new();
    for step in plan(incident, now) {
        forecasts.push(one(scope, incident, step).await?);
    }
    Ok(forecasts)
}

async fn one<C: ConnectionTrait>(scope: &Scope<'_, C>, incident: &Incident, step: Step) -> Result<Forecast> {
    let contact = match step.contact_id {
        Some(id) => store::contact::by_id(scope, id).await?,
        None => None,
    };
    let to = contact.as_ref().and_then(|contact| address(contact, step.channel));
    let (Some(contact), Some(to)) = (contact, to) else {
        let saw = "nobody, or no address".to_owned();
        let check = Check { guard: Guard::Address, passed: false, saw };
        return Ok(Forecast { step, verdict: Verdict { checks: vec![check] }, content: None });
    };
    let rung = incident.ladder.rungs.get(step.rung as usize);
    let rung = rung.ok_or_else(|| Error::internal("a step without a rung"))?;
    let person = contact.id.to_string();
    let wish = wish(incident, &step, rung, (&contact, &to, &person), Limits::default());
    let due = step.due_time;
    let verdict = look(scope, &wish, due).await?;
    let content = content(&rung.script, step.channel, (incident, &contact), due);
    Ok(Forecast { step, verdict, content: Some(content) })
}
