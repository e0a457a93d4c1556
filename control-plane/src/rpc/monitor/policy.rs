//! The policy of a workspace: read, changed field by field, shown.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::WorkspaceId,
        monitor::{OnExpiry, Policy},
    },
    flow::{Audited, Context, Journal},
    rpc::{
        read::{each, member, money, no_such_path, parse, paths, required, seconds},
        show,
    },
    store::monitor_policy as store,
};

/// Changes the fields that the mask names.
pub async fn update(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::UpdateMonitorPolicyRequest,
) -> Result<Policy> {
    let pb::UpdateMonitorPolicyRequest { monitor_policy, update_mask, etag } = request;
    let (new, paths) = (required("monitor_policy", monitor_policy)?, paths(update_mask)?);
    let mut journal = Journal::begin(ctx, workspace).await?;
    let held = store::lock(&journal.scope(), journal.now).await?;
    if !etag.is_empty() && etag != show::etag(held.version) {
        let message = "the policy was changed since this etag was read; read it again";
        return Err(Error::new(Kind::Aborted, "ETAG_MISMATCH", message));
    }
    let seen = held.version;
    let changed = changed(held, &new, &paths).map_err(|error| error.within("monitor_policy"))?;
    changed.check().map_err(|error| error.within("monitor_policy"))?;
    let next = Policy { version: seen + 1, update_time: journal.now, ..changed };
    if !store::save(journal.txn(), &next, seen).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "the policy was changed meanwhile; try again"));
    }
    journal.tell("monitor.policy-updated", &workspace, serde_json::json!({ "fields": paths }));
    journal.audit(audited, &workspace);
    journal.commit().await?;
    Ok(next)
}

fn changed(held: Policy, new: &pb::MonitorPolicy, paths: &[String]) -> Result<Policy> {
    let mut next = held;
    for path in paths {
        match path.as_str() {
            "cadence" => next.cadence = seconds("cadence", required("cadence", new.cadence)?)?,
            "balance_floor" => {
                next.balance_floor = money("balance_floor", required("balance_floor", new.balance_floor.clone())?)?;
            }
            "approval_window" => {
                next.approval_window = seconds("approval_window", required("approval_window", new.approval_window)?)?;
            }
            "on_expiry" => next.on_expiry = on_expiry(new.on_expiry)?,
            "manual_failover_only" => next.automatic = !new.manual_failover_only,
            "second_approver_required" => next.second_approver = new.second_approver_required,
            "keep_drift" => next.repair_drift = !new.keep_drift,
            "notification_emails" => {
                next.recipients =
                    each("notification_emails", new.notification_emails.clone(), |text| parse("", &text))?;
            }
            "allowed_countries" => next.allowed_countries = countries("allowed_countries", &new.allowed_countries)?,
            "blocked_countries" => next.blocked_countries = countries("blocked_countries", &new.blocked_countries)?,
            "probe_retention" => {
                next.probes_kept = seconds("probe_retention", required("probe_retention", new.probe_retention)?)?;
            }
            other => return Err(no_such_path(other)),
        }
    }
    Ok(next)
}

fn countries(field: &str, texts: &[String]) -> Result<Vec<crate::domain::country::Country>> {
    let mut countries = each(field, texts.to_vec(), |text| parse("", &text))?;
    countries.sort_unstable();
    countries.dedup();
    Ok(countries)
}

fn on_expiry(number: i32) -> Result<OnExpiry> {
    match member("on_expiry", number)? {
        pb::OnExpiry::Execute => Ok(OnExpiry::Execute),
        pb::OnExpiry::Cancel => Ok(OnExpiry::Cancel),
        pb::OnExpiry::Unspecified => Err(Error::invalid("on_expiry", "expected EXECUTE or CANCEL")),
    }
}

/// Shows it.
pub fn shown(policy: Policy) -> pb::MonitorPolicy {
    let Policy {
        workspace_id: _,
        cadence,
        balance_floor,
        approval_window,
        on_expiry,
        automatic,
        second_approver,
        repair_drift,
        recipients,
        allowed_countries,
        blocked_countries,
        probes_kept,
        version,
        create_time: _,
        update_time,
    } = policy;
    let on_expiry = match on_expiry {
        OnExpiry::Execute => pb::OnExpiry::Execute,
        OnExpiry::Cancel => pb::OnExpiry::Cancel,
    };
    pb::MonitorPolicy {
        cadence: Some(show::seconds(cadence)),
        balance_floor: Some(show::money(balance_floor)),
        approval_window: Some(show::seconds(approval_window)),
        on_expiry: on_expiry.into(),
        manual_failover_only: !automatic,
        second_approver_required: second_approver,
        keep_drift: !repair_drift,
        notification_emails: recipients.into_iter().map(String::from).collect(),
        allowed_countries: allowed_countries.into_iter().map(String::from).collect(),
        blocked_countries: blocked_countries.into_iter().map(String::from).collect(),
        probe_retention: Some(show::seconds(probes_kept)),
        etag: show::etag(version),
        update_time: (version > 0).then(|| show::moment(update_time)),
    }
}
