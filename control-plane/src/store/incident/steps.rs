//! The steps of incidents: rows, written with their incident and read by whoever asks which calls failed.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::OnConflict,
};

use crate::{
    domain::{
        error::{Error, Result},
        id::{ContactId, IncidentId},
        incident::{Incident, Status, Step},
        ladder::{Channel, Window},
        time::Timestamp,
    },
    store::{
        Scope,
        entity::escalation_step::{ActiveModel, Column, Entity, Model},
        failed, many,
        page::{Ask, Page},
        word, word_or_none,
    },
};

impl TryFrom<Model> for Step {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let ending = Some(row.ending).filter(|ending| !ending.is_empty());
        Ok(Self {
            number: u32::try_from(row.number).map_err(Error::internal)?,
            rung: u32::try_from(row.rung).map_err(Error::internal)?,
            channel: word("escalation_step.type", &row.kind)?,
            contact_id: row.contact_id,
            redial: row.redial,
            status: word("escalation_step.status", &row.status)?,
            due_time: row.due_time,
            held_until: row.held_until,
            window: Window { from: row.window_start, until: row.window_end },
            attempt_id: row.attempt_id,
            execute_time: row.executed_at,
            ending: word_or_none("escalation_step.ending", ending.as_ref())?,
            reason: row.reason,
            error: row.error,
            simulated: row.simulated,
        })
    }
}

fn row(incident: &Incident, step: &Step) -> ActiveModel {
    ActiveModel {
        incident_id: Set(incident.id),
        number: Set(step.number.into()),
        workspace_id: Set(incident.workspace_id),
        rung: Set(step.rung.into()),
        kind: Set(step.channel.to_string()),
        status: Set(step.status.to_string()),
        contact_id: Set(step.contact_id),
        redial: Set(step.redial),
        due_time: Set(step.due_time),
        held_until: Set(step.held_until),
        window_start: Set(step.window.from),
        window_end: Set(step.window.until),
        attempt_id: Set(step.attempt_id),
        executed_at: Set(step.execute_time),
        ending: Set(step.ending.map(|ending| ending.to_string()).unwrap_or_default()),
        reason: Set(step.reason.clone()),
        error: Set(step.error.clone()),
        simulated: Set(step.simulated),
    }
}

/// Everything that changes while a step lives.
const CHANGING: [Column; 11] = [
    Column::Status,
    Column::DueTime,
    Column::HeldUntil,
    Column::WindowStart,
    Column::WindowEnd,
    Column::AttemptId,
    Column::ExecutedAt,
    Column::Ending,
    Column::Reason,
    Column::Error,
    Column::Simulated,
];

/// Writes the steps of an incident; the incident is locked by whoever writes.
pub async fn put(txn: &DatabaseTransaction, incident: &Incident) -> Result<()> {
    if incident.steps.is_empty() {
        return Ok(());
    }
    let over = OnConflict::columns([Column::IncidentId, Column::Number]).update_columns(CHANGING).to_owned();
    let rows = incident.steps.iter().map(|step| row(incident, step));
    Entity::insert_many(rows).on_conflict(over).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Adds the steps of new incidents.
pub async fn insert_many(txn: &DatabaseTransaction, incidents: &[Incident]) -> Result<()> {
    let rows = incidents.iter().flat_map(|incident| incident.steps.iter().map(|step| row(incident, step)));
    let rows: Vec<ActiveModel> = rows.collect();
    for some in rows.chunks(many::TOGETHER) {
        many::insert(txn, some.to_vec(), None).await?;
    }
    Ok(())
}

/// The steps of an incident, in order.
pub async fn of<C: ConnectionTrait>(db: &C, incident: IncidentId) -> Result<Vec<Step>> {
    let found = Entity::find().filter(Column::IncidentId.eq(incident)).order_by_asc(Column::Number);
    found.all(db).await.map_err(failed)?.into_iter().map(Step::try_from).collect()
}

/// As many as a reply can be about.
const MOST_MEANT: u64 = 16;

/// The incidents about which these people were called or written to by telephone since then, the latest first.
pub async fn reached<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    people: Vec<ContactId>,
    since: Timestamp,
) -> Result<Vec<(IncidentId, ContactId)>> {
    let by_telephone = [Channel::Sms, Channel::Whatsapp, Channel::Voice].map(Channel::as_str);
    let found = Entity::find()
        .select_only()
        .column(Column::IncidentId)
        .column(Column::ContactId)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::ContactId.is_in(people))
        .filter(Column::ExecutedAt.gte(since))
        .filter(Column::AttemptId.is_not_null())
        .filter(Column::Status.ne(Status::Skipped.as_str()))
        .filter(Column::Kind.is_in(by_telephone))
        .order_by_desc(Column::ExecutedAt)
        .limit(MOST_MEANT);
    found.into_tuple().all(scope.db).await.map_err(failed)
}

/// What a list of steps is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this channel.
    pub channel: Option<Channel>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only of this incident.
    pub incident_id: Option<IncidentId>,
}

/// A page of the workspace's, the newest incident first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<(IncidentId, i64)>,
) -> Result<Page<(IncidentId, Step), (IncidentId, i64)>> {
    let after = ask.after.map(|(incident, number)| {
        let of_same = Condition::all().add(Column::IncidentId.eq(incident)).add(Column::Number.lt(number));
        Condition::any().add(Column::IncidentId.lt(incident)).add(of_same)
    });
    let only = Condition::all()
        .add_option(after)
        .add_option(filter.channel.map(|channel| Column::Kind.eq(channel.as_str())))
        .add_option(filter.status.map(|status| Column::Status.eq(status.as_str())))
        .add_option(filter.incident_id.map(|id| Column::IncidentId.eq(id)));
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(only);
    let newest_first = own.order_by_desc(Column::IncidentId).order_by_desc(Column::Number);
    let rows = newest_first.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let steps = rows.into_iter().map(|row| Ok((row.incident_id, Step::try_from(row)?))).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(steps, |(incident, step)| (*incident, i64::from(step.number))))
}
