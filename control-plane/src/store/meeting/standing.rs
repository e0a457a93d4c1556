//! How it stands with the attendees of meetings, read from their incidents.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{
    domain::{
        error::Result,
        id::{ContactId, IncidentId, MeetingId},
        incident::{Outcome, State},
    },
    store::{
        Scope,
        entity::incident::{Column, Entity},
        failed,
        many::padded,
    },
};

/// Where the incident of an attendee stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub incident_id: IncidentId,
    /// Where it stands.
    pub state: State,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// Of every attendee of these meetings who has an incident.
pub async fn of<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    meetings: Vec<MeetingId>,
) -> Result<HashMap<(MeetingId, ContactId), Standing>> {
    if meetings.is_empty() {
        return Ok(HashMap::new());
    }
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let rows = own.filter(Column::MeetingId.is_in(padded(meetings))).all(scope.db).await.map_err(failed)?;
    let one = |row: crate::store::entity::incident::Model| {
        let held = row.facts.0;
        let standing = Standing { incident_id: held.id, state: held.state, outcome: held.outcome };
        held.meeting_id.map(|meeting| ((meeting, held.contact_id), standing))
    };
    Ok(rows.into_iter().filter_map(one).collect())
}
