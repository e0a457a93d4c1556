//! `ExplainHealth`: who was counted, who was not and why, and how far everything is from its threshold. Made from what the
//! last run remembered, so that it explains the verdict there is and not the one that a new run would give.

use callplane_proto::v1 as pb;

use super::shape;
use crate::{
    domain::{
        account::Account,
        error::Result,
        monitor::{
            Memory, Outcome, Policy, Subject, Verdict,
            verdict::{self, IN_A_ROW, LOST, SIGNALS, too_many},
        },
    },
    flow::{Context, monitor as flow},
    rpc::show,
    store::{Scope, monitor as store, page::Ask, probe},
};

/// So many probes that did not pass are shown.
const PROBES: u64 = 50;

/// Explains how an account does.
pub async fn of(ctx: &Context, account: &Account) -> Result<pb::HealthExplanation> {
    let scope = Scope::new(ctx.store.read(), account.workspace_id);
    let Some(monitor) = store::by_account(&scope, account.id).await? else {
        let health = shape::unwatched(account.id);
        let conclusions = vec![health.why.clone()];
        return Ok(pb::HealthExplanation { health: Some(health), conclusions, ..Default::default() });
    };
    let sight = flow::sight(ctx, account.workspace_id, account.id).await?;
    let (subjects, policy) = match sight {
        Some(sight) => (sight.subjects, sight.policy),
        None => (Vec::new(), crate::store::monitor_policy::of(&scope).await?),
    };
    let excluded: Vec<pb::ExcludedAgent> =
        subjects.iter().filter_map(|subject| left_out(subject, &monitor.memory)).collect();
    let is_out = |subject: &&Subject| excluded.iter().any(|out| out.agent_id == subject.agent_id.to_string());
    let counted: Vec<pb::CountedAgent> =
        subjects.iter().filter(|subject| !is_out(subject)).map(|subject| shown(subject, &monitor.memory)).collect();
    let filter = probe::Filter {
        account_id: Some(account.id),
        round: Some(i64::from(monitor.memory.round)),
        ..probe::Filter::default()
    };
    let of_last_run = probe::list(&scope, &filter, &Ask { size: crate::store::page::MAX, after: None }).await?;
    let failed = of_last_run.rows.into_iter().filter(|probe| probe.outcome != Outcome::Pass.as_str());
    Ok(pb::HealthExplanation {
        thresholds: thresholds(&monitor.memory, counted.len()),
        conclusions: conclusions(monitor.verdict, &monitor.memory, &policy),
        health: Some(shape::health(monitor)),
        counted,
        excluded,
        failed_probes: failed.take(usize::try_from(PROBES).unwrap_or(usize::MAX)).map(shape::probe).collect(),
    })
}

fn left_out(subject: &Subject, memory: &Memory) -> Option<pb::ExcludedAgent> {
    let at_vendor = memory.excluded.get(&subject.agent_id).copied();
    let reason = subject.exclusion.or(at_vendor)?;
    Some(pb::ExcludedAgent { agent_id: subject.agent_id.to_string(), reason: reason.to_string() })
}

fn shown(subject: &Subject, memory: &Memory) -> pb::CountedAgent {
    let failed = memory.failing.get(&subject.agent_id).copied().unwrap_or_default();
    pb::CountedAgent {
        agent_id: subject.agent_id.to_string(),
        failed_run_count: show::count(failed.into()),
        failing: failed >= IN_A_ROW,
        phone_number_ids: subject.phone_number_ids.iter().map(ToString::to_string).collect(),
    }
}

fn thresholds(memory: &Memory, counted: usize) -> Vec<pb::HealthThreshold> {
    let failing = verdict::failing_for_long(memory).len();
    let signals = memory.last.as_ref().map_or(0, |last| last.signals.len());
    let threshold = |name: &str, value: String, threshold: String, reached| {
        let name = name.to_owned();
        pb::HealthThreshold { name, value, threshold, reached }
    };
    vec![
        threshold(
            "failing agents",
            format!("{failing} of {counted}"),
            format!("{} or half of them, each for {IN_A_ROW} runs in a row: degraded", verdict::FAILING),
            too_many(failing, counted),
        ),
        threshold(
            "silent runs",
            format!("{}", memory.silent),
            format!("{IN_A_ROW} in a row without an answered call where 10 in 15 minutes are usual: degraded"),
            memory.silent >= IN_A_ROW,
        ),
        threshold(
            "account refused",
            if memory.suspect_time.is_some() { "seen" } else { "not seen" }.to_owned(),
            "seen by two runs, the second within 5 seconds: critical".to_owned(),
            memory.suspect_time.is_some(),
        ),
        threshold(
            "Twilio lost",
            format!("{}", memory.lost.len()),
            format!(
                "{LOST} runs within {} s: critical, or vendor-wide when others lose it too",
                verdict::LOST_WITHIN.num_seconds()
            ),
            memory.down_time.is_some(),
        ),
        threshold(
            "signals of a stranger",
            format!("{signals}"),
            format!("{SIGNALS} of unknown-key, call-surge, blocked-country, low-balance: critical"),
            signals >= SIGNALS,
        ),
        threshold(
            "good runs",
            format!("{}", memory.good),
            format!("{IN_A_ROW} in a row: healthy again"),
            memory.good >= IN_A_ROW,
        ),
    ]
}

fn conclusions(verdict: Verdict, memory: &Memory, policy: &Policy) -> Vec<String> {
    let window = policy.approval_window.get() / 60;
    let first = match verdict {
        Verdict::Unknown => "Nothing is concluded before the first good run.".to_owned(),
        Verdict::Healthy => "No failover begins: nothing has reached its threshold.".to_owned(),
        Verdict::Degraded => {
            format!("A failover waits {window} minutes for a decision; three good runs in a row cancel it.")
        }
        Verdict::Critical => "A failover begins at once, if a backup account is well and has numbers.".to_owned(),
        Verdict::VendorWide => "No failover begins: other accounts fail in the same way.".to_owned(),
        Verdict::OwnNetwork => {
            "No failover begins: our own network is cut, and nothing is known of the account.".to_owned()
        }
    };
    let mut conclusions = vec![first];
    if !policy.automatic {
        conclusions.push("The policy lets only people start failovers.".to_owned());
    }
    if !memory.failing.is_empty() && verdict == Verdict::Healthy {
        let failing = memory.failing.len();
        conclusions.push(format!("{failing} agents fail, too few or for too short a time to count."));
    }
    conclusions
}
