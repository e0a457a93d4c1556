//! Failovers, their lines and their history as the API writes them.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::{Error, Result},
        failover::{DecidedBy, Decision, Failover, Kind, Milestones, PassedOver, Phase, State, Tally, Trigger, moves},
        id::PhoneNumberId,
        phone_number::Assignment,
        pool::Line,
        time::Timestamp,
    },
    flow::failover::Plan,
    rpc::{
        read::{each, member, moment, parse_or_none},
        show,
    },
    store::{entity::failover_event::Model as Happened, failover::Filter},
};

/// A failover.
pub fn shown(failover: Failover) -> pb::Failover {
    let (state, why, report) = (failover.state(), failover.why().to_owned(), report(&failover));
    let (approve_deadline, approvals) = match &failover.phase {
        Phase::AwaitingApproval { deadline, approvals, .. } => (Some(show::moment(*deadline)), approvals.clone()),
        _ => (None, Vec::new()),
    };
    pb::Failover {
        id: failover.id.to_string(),
        kind: shown_kind(failover.kind).into(),
        trigger: shown_trigger(failover.trigger).into(),
        state: shown_state(state).into(),
        account_id: failover.account_id.to_string(),
        target_account_id: show::id_or_empty(failover.target_id),
        original_failover_id: show::id_or_empty(failover.original_id),
        agent_id: show::id_or_empty(failover.agent_id),
        reason: failover.reason,
        started_by: failover.actor,
        why,
        approve_deadline,
        approvals,
        decision: failover.decision.map(shown_decision),
        passed_over: failover.passed_over.into_iter().map(shown_passed).collect(),
        counts: Some(shown_counts(failover.tally)),
        report: Some(report),
        rollback_failover_id: show::id_or_empty(failover.rollback_id),
        etag: show::etag(failover.version),
        create_time: Some(show::moment(failover.create_time)),
        update_time: Some(show::moment(failover.update_time)),
        end_time: failover.milestones.end_time.map(show::moment),
    }
}

fn shown_decision(decision: Decision) -> pb::FailoverDecision {
    let Decision { by, actor, time, carried_out } = decision;
    let decided_by = match by {
        DecidedBy::Start => pb::FailoverDecidedBy::Start,
        DecidedBy::Approval => pb::FailoverDecidedBy::Approval,
        DecidedBy::Cancellation => pb::FailoverDecidedBy::Cancellation,
        DecidedBy::Recovery => pb::FailoverDecidedBy::Recovery,
        DecidedBy::Expiry => pb::FailoverDecidedBy::Expiry,
        DecidedBy::Critical => pb::FailoverDecidedBy::Critical,
    };
    let decide_time = Some(show::moment(time));
    pb::FailoverDecision { decided_by: decided_by.into(), actor, decide_time, carried_out }
}

fn shown_passed(passed: PassedOver) -> pb::PassedOverAccount {
    pb::PassedOverAccount { account_id: passed.account_id.to_string(), why: passed.why }
}

fn shown_counts(tally: Tally) -> pb::FailoverCounts {
    let count = |count: u32| show::count(count.into());
    pb::FailoverCounts {
        waiting: count(tally.waiting),
        under_way: count(tally.under_way),
        moved: count(tally.moved),
        failed: count(tally.failed),
        undone: count(tally.undone),
        skipped: count(tally.skipped),
        left_out: count(tally.left_out),
        stuck: count(tally.stuck),
    }
}

/// Each part from the end of the one before; what has not happened has no length.
fn report(failover: &Failover) -> pb::FailoverReport {
    let Milestones { decide_time, hold_time: _, probe_time, reserve_time, canary_time, end_time } =
        &failover.milestones;
    let begin = Some(failover.create_time);
    pb::FailoverReport {
        detect_duration: Some(show::seconds(failover.rules.cadence)),
        decide_duration: between(begin, *decide_time),
        probe_duration: between(*decide_time, *probe_time),
        reserve_duration: between(*probe_time, *reserve_time),
        canary_duration: between(*reserve_time, *canary_time),
        move_duration: between(*canary_time, *end_time),
        total_duration: between(begin, *end_time),
    }
}

fn between(from: Option<Timestamp>, until: Option<Timestamp>) -> Option<prost_types::Duration> {
    let length = (until? - from?).to_std().ok()?;
    prost_types::Duration::try_from(length).ok()
}

fn shown_kind(kind: Kind) -> pb::FailoverKind {
    match kind {
        Kind::Failover => pb::FailoverKind::Failover,
        Kind::Rollback => pb::FailoverKind::Rollback,
        Kind::Rehearsal => pb::FailoverKind::Rehearsal,
    }
}

fn shown_trigger(trigger: Trigger) -> pb::FailoverTrigger {
    match trigger {
        Trigger::Degraded => pb::FailoverTrigger::Degraded,
        Trigger::Critical => pb::FailoverTrigger::Critical,
        Trigger::Manual => pb::FailoverTrigger::Manual,
    }
}

fn shown_state(state: State) -> pb::FailoverState {
    match state {
        State::AwaitingApproval => pb::FailoverState::AwaitingApproval,
        State::Preparing => pb::FailoverState::Preparing,
        State::Holding => pb::FailoverState::Holding,
        State::Canary => pb::FailoverState::Canary,
        State::Moving => pb::FailoverState::Moving,
        State::Undoing => pb::FailoverState::Undoing,
        State::Stuck => pb::FailoverState::Stuck,
        State::Completed => pb::FailoverState::Completed,
        State::PartiallyCompleted => pb::FailoverState::PartiallyCompleted,
        State::Cancelled => pb::FailoverState::Cancelled,
        State::Failed => pb::FailoverState::Failed,
        State::RolledBack => pb::FailoverState::RolledBack,
    }
}

fn read_state(number: i32) -> Result<State> {
    Ok(match member("", number)? {
        pb::FailoverState::Unspecified => return Err(Error::invalid("", "expected a state")),
        pb::FailoverState::AwaitingApproval => State::AwaitingApproval,
        pb::FailoverState::Preparing => State::Preparing,
        pb::FailoverState::Holding => State::Holding,
        pb::FailoverState::Canary => State::Canary,
        pb::FailoverState::Moving => State::Moving,
        pb::FailoverState::Undoing => State::Undoing,
        pb::FailoverState::Stuck => State::Stuck,
        pb::FailoverState::Completed => State::Completed,
        pb::FailoverState::PartiallyCompleted => State::PartiallyCompleted,
        pb::FailoverState::Cancelled => State::Cancelled,
        pb::FailoverState::Failed => State::Failed,
        pb::FailoverState::RolledBack => State::RolledBack,
    })
}

fn read_kind(number: i32) -> Result<Kind> {
    Ok(match member("", number)? {
        pb::FailoverKind::Unspecified => return Err(Error::invalid("", "expected a kind")),
        pb::FailoverKind::Failover => Kind::Failover,
        pb::FailoverKind::Rollback => Kind::Rollback,
        pb::FailoverKind::Rehearsal => Kind::Rehearsal,
    })
}

/// What a list is narrowed to.
pub fn filter(request: pb::ListFailoversRequest) -> Result<Filter> {
    let pb::ListFailoversRequest { page_size: _, page_token: _, account_id, states, kinds, since_time, until_time } =
        request;
    Ok(Filter {
        account_id: parse_or_none("account_id", &account_id)?,
        states: each("states", states, read_state)?,
        kinds: each("kinds", kinds, read_kind)?,
        since: since_time.map(|time| moment("since_time", time)).transpose()?,
        until: until_time.map(|time| moment("until_time", time)).transpose()?,
    })
}

/// The states of lines that a list is narrowed to.
pub fn move_states(states: Vec<i32>) -> Result<Vec<moves::State>> {
    each("states", states, |number| {
        Ok(match member("", number)? {
            pb::FailoverMoveState::Unspecified => return Err(Error::invalid("", "expected a state")),
            pb::FailoverMoveState::Waiting => moves::State::Waiting,
            pb::FailoverMoveState::Preparing => moves::State::Preparing,
            pb::FailoverMoveState::Verifying => moves::State::Verifying,
            pb::FailoverMoveState::Detaching => moves::State::Detaching,
            pb::FailoverMoveState::Unwinding => moves::State::Unwinding,
            pb::FailoverMoveState::Moved => moves::State::Moved,
            pb::FailoverMoveState::Undone => moves::State::Undone,
            pb::FailoverMoveState::Failed => moves::State::Failed,
            pb::FailoverMoveState::LeftOut => moves::State::LeftOut,
            pb::FailoverMoveState::Skipped => moves::State::Skipped,
            pb::FailoverMoveState::Stuck => moves::State::Stuck,
        })
    })
}

fn shown_move_state(state: moves::State) -> pb::FailoverMoveState {
    match state {
        moves::State::Waiting => pb::FailoverMoveState::Waiting,
        moves::State::Preparing => pb::FailoverMoveState::Preparing,
        moves::State::Verifying => pb::FailoverMoveState::Verifying,
        moves::State::Detaching => pb::FailoverMoveState::Detaching,
        moves::State::Unwinding => pb::FailoverMoveState::Unwinding,
        moves::State::Moved => pb::FailoverMoveState::Moved,
        moves::State::Undone => pb::FailoverMoveState::Undone,
        moves::State::Failed => pb::FailoverMoveState::Failed,
        moves::State::LeftOut => pb::FailoverMoveState::LeftOut,
        moves::State::Skipped => pb::FailoverMoveState::Skipped,
        moves::State::Stuck => pb::FailoverMoveState::Stuck,
    }
}

/// A line.
pub fn shown_move(held: moves::Move) -> pb::FailoverMove {
    let (state, why) = (held.state(), held.why().to_owned());
    let (agent_id, route_plan_id) = shown_assignment(held.assignment);
    pb::FailoverMove {
        id: held.id.to_string(),
        failover_id: held.failover_id.to_string(),
        place: show::count(held.place),
        state: shown_move_state(state).into(),
        display_name: held.display_name,
        agent_id,
        route_plan_id,
        from_phone_number_id: show::id_or_empty(held.from_id),
        to_phone_number_id: show::id_or_empty(held.to_id),
        why,
        begin_time: held.begin_time.map(show::moment),
        flip_time: held.flip_time.map(show::moment),
        end_time: held.end_time.map(show::moment),
    }
}

fn shown_assignment(assignment: Assignment) -> (String, String) {
    match assignment {
        Assignment::Agent(agent) => (agent.to_string(), String::new()),
        Assignment::RoutePlan(plan) => (String::new(), plan.to_string()),
    }
}

/// Something that happened.
pub fn shown_event(happened: Happened) -> pb::FailoverEvent {
    pb::FailoverEvent {
        failover_id: happened.failover_id.to_string(),
        sequence: happened.sequence,
        r#type: happened.kind,
        actor: happened.actor,
        message: happened.message,
        move_id: show::id_or_empty(happened.move_id),
        create_time: Some(show::moment(happened.create_time)),
    }
}

/// What a failover would do.
pub fn shown_plan(plan: Plan) -> pb::FailoverPlan {
    let Plan { target_id, passed_over, pairs, left_out } = plan;
    pb::FailoverPlan {
        target_account_id: show::id_or_empty(target_id),
        passed_over: passed_over.into_iter().map(shown_passed).collect(),
        moves: pairs.into_iter().map(|(line, number)| planned(line, Some(number), "")).collect(),
        left_out: left_out.into_iter().map(|(line, why)| planned(line, None, why)).collect(),
    }
}

fn planned(line: Line, to: Option<PhoneNumberId>, why: &str) -> pb::PlannedMove {
    let (agent_id, route_plan_id) = shown_assignment(line.assignment);
    pb::PlannedMove {
        display_name: line.display_name,
        agent_id,
        route_plan_id,
        from_phone_number_id: line.phone_number_id.to_string(),
        to_phone_number_id: show::id_or_empty(to),
        why: why.to_owned(),
    }
}
