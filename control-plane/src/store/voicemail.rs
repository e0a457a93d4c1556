//! Voicemails: rows and their merged writes.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    Scope,
    entity::voicemail::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    word,
};
use crate::domain::{
    error::{Error, Result},
    id::{CallId, PhoneNumberId, VoicemailId},
    seconds::Seconds,
    voicemail::{Mark, Voicemail},
};

impl TryFrom<Model> for Voicemail {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let seconds = row.duration_seconds.map(u32::try_from).transpose().map_err(Error::internal)?;
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            call_id: row.call_id,
            phone_number_id: row.phone_number_id,
            from: row.from_number.into(),
            recording_sid: word("voicemail.recording_sid", &row.recording_sid)?,
            recording_status: word("voicemail.recording_status", &row.recording_status)?,
            duration: seconds.map(Seconds),
            mark: word("voicemail.mark", &row.mark)?,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(voicemail: &Voicemail) -> ActiveModel {
    ActiveModel {
        id: Set(voicemail.id),
        workspace_id: Set(voicemail.workspace_id),
        call_id: Set(voicemail.call_id),
        phone_number_id: Set(voicemail.phone_number_id),
        from_number: Set(voicemail.from.as_str().to_owned()),
        recording_sid: Set(voicemail.recording_sid.to_string()),
        recording_status: Set(voicemail.recording_status.to_string()),
        duration_seconds: Set(voicemail.duration.map(|duration| i64::from(duration.get()))),
        mark: Set(voicemail.mark.to_string()),
        version: Set(voicemail.version),
        create_time: Set(voicemail.create_time),
        update_time: Set(voicemail.update_time),
    }
}

/// Everything that a later fact may change.
const CHANGING: [Column; 8] = [
    Column::PhoneNumberId,
    Column::FromNumber,
    Column::RecordingStatus,
    Column::DurationSeconds,
    Column::Mark,
    Column::Version,
    Column::CreateTime,
    Column::UpdateTime,
];

/// Those among `sids` that exist, of whatever workspace; locked in one order, so that two writers never wait crosswise.
pub async fn among(txn: &DatabaseTransaction, sids: Vec<String>) -> Result<Vec<Voicemail>> {
    let found =
        Entity::find().filter(Column::RecordingSid.is_in(sids)).order_by_asc(Column::RecordingSid).lock_exclusive();
    found.all(txn).await.map_err(failed)?.into_iter().map(Voicemail::try_from).collect()
}

/// Writes voicemails in one statement, each only over the version it was merged with; `false` means that somebody else was
/// faster with one of them, and the caller must roll back.
pub async fn put(txn: &DatabaseTransaction, voicemails: &[&Voicemail]) -> Result<bool> {
    if voicemails.is_empty() {
        return Ok(true);
    }
    let over = OnConflict::column(Column::RecordingSid)
        .update_columns(CHANGING)
        .action_and_where(Expr::cust(r#""voicemail"."version" = "excluded"."version" - 1"#))
        .to_owned();
    let rows = voicemails.iter().map(|voicemail| row(voicemail));
    let written = Entity::insert_many(rows).on_conflict(over).exec_without_returning(txn).await.map_err(failed)?;
    Ok(usize::try_from(written).is_ok_and(|written| written == voicemails.len()))
}

/// What a list of voicemails is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those left for this number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Only those of this call.
    pub call_id: Option<CallId>,
    /// Only this mark.
    pub mark: Option<Mark>,
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: VoicemailId) -> Result<Option<Voicemail>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Voicemail::try_from).transpose()
}

/// Reads one for change; other replicas wait until the transaction ends.
pub async fn for_change(scope: &Scope<'_, DatabaseTransaction>, id: VoicemailId) -> Result<Option<Voicemail>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace)).lock_exclusive();
    found.one(scope.db).await.map_err(failed)?.map(Voicemail::try_from).transpose()
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<VoicemailId>,
) -> Result<Page<Voicemail, VoicemailId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(number) = filter.phone_number_id {
        select = select.filter(Column::PhoneNumberId.eq(number));
    }
    if let Some(call) = filter.call_id {
        select = select.filter(Column::CallId.eq(call));
    }
    if let Some(mark) = filter.mark {
        select = select.filter(Column::Mark.eq(mark.as_str()));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let voicemails = rows.into_iter().map(Voicemail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(voicemails, |voicemail| voicemail.id))
}
