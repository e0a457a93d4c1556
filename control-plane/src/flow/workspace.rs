//! Workspaces: made by operators, changed by their own. Making one is audited where what belongs to no workspace is.

use super::{Journal, seen::unchanged};
use crate::{
    domain::{
        error::{Error, Result},
        id::WorkspaceId,
        workspace::Workspace,
        zone::Zone,
    },
    store::workspace as store,
};

/// What people call it, in errors.
pub const NOUN: &str = "workspace";

/// New values of what may be changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// The time zone of rules that name none.
    pub time_zone: Option<Zone>,
}

/// Makes a workspace. Its data key is made with its first secret.
pub async fn create(journal: &mut Journal<'_>, display_name: String, time_zone: Zone) -> Result<Workspace> {
    let workspace = Workspace {
        id: WorkspaceId::fresh(&*journal.ctx().ids),
        display_name,
        time_zone: time_zone.to_string(),
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    store::insert(journal.txn(), &workspace).await?;
    journal.tell_in(workspace.id, "workspace.created", &workspace.id, serde_json::json!({}));
    Ok(workspace)
}

/// Changes the journal's workspace.
pub async fn update(journal: &mut Journal<'_>, etag: &str, patch: Patch) -> Result<Workspace> {
    let Patch { display_name, time_zone } = patch;
    store::lock(journal.txn(), journal.workspace).await?;
    let found = store::by_id(journal.txn(), journal.workspace).await?;
    let mut workspace = found.ok_or_else(|| Error::not_found(NOUN))?;
    let before = workspace.version;
    unchanged(NOUN, etag, before)?;
    workspace.display_name = display_name.unwrap_or(workspace.display_name);
    workspace.time_zone = time_zone.map_or(workspace.time_zone, |zone| zone.to_string());
    workspace.version = before + 1;
    workspace.update_time = journal.now;
    if !store::save(journal.txn(), &workspace, before).await? {
        return Err(Error::internal("a locked workspace was changed"));
    }
    journal.tell("workspace.updated", &workspace.id, serde_json::json!({}));
    Ok(workspace)
}
