//! Backup numbers in the database: each of them goes to one move, however many ask at once, and all numbers of a failover
//! are taken together or not at all.

use std::collections::{BTreeMap, HashSet};

use callplane_control_plane::{
    domain::{
        agent::OwnNumber,
        id::{AccountId, PhoneNumberId},
        phone_number::{Assignment, IntegrationMode, PhoneNumber, Pool, PoolState, State, WebhooksState, Work},
        pool::{Area, LeftOut, Line},
        telephony::Capabilities,
    },
    flow::{self, Context, Journal},
    store::{Scope, phone_number as numbers},
};
use callplane_proto::v1 as pb;
use callplane_tests::{Database, Plane, on_both, scene::announcement};
use futures::future::join_all;

on_both!(
    the_same_number_is_never_reserved_twice_under_64_parallel_reservations,
    fifty_agents_get_fifty_numbers_in_one_transaction,
    a_shortage_gives_a_partial_plan_and_an_abandoned_one_leaves_no_trace,
    paused_agents_and_those_who_were_moved_are_not_lines,
);

const VOICE: Capabilities = Capabilities { voice: true, sms: false, mms: false, fax: false };
const TEXTS: Capabilities = Capabilities { sms: true, ..VOICE };

/// A primary and a backup account, and what is put on them past Twilio.
struct Stock {
    plane: Plane,
    primary: AccountId,
    backup: AccountId,
}

impl Stock {
    async fn on(database: Database) -> Self {
        let replicas = if database.is_shared() { 2 } else { 1 };
        let plane = Plane::on(database).replicas(replicas).start().await;
        let primary = plane.account().await.id.parse().expect("an id");
        let backup = plane.account().await.id.parse().expect("an id");
        Self { plane, primary, backup }
    }

    fn ctx(&self) -> &Context {
        &self.plane.within().ctx
    }

    async fn put(&self, account_id: AccountId, new: Vec<(String, Capabilities, Option<Assignment>, Option<Pool>)>) {
        let journal = Journal::begin(self.ctx(), self.plane.workspace).await.expect("begins");
        let number = |(e164, capabilities, assignment, pool): (String, _, _, _)| PhoneNumber {
            id: PhoneNumberId::fresh(&*self.ctx().ids),
            workspace_id: self.plane.workspace,
            account_id,
            display_name: String::new(),
            e164: e164.parse().expect("E.164"),
            phone_number_sid: None,
            state: State::Active,
            state_reason: String::new(),
            capabilities,
            integration_mode: IntegrationMode::Edge,
            assignment,
            fallback: None,
            voicemail: None,
            webhooks_state: WebhooksState::InSync,
            webhooks_error: String::new(),
            desired_webhooks: None,
            observed_webhooks: None,
            observe_time: None,
            work: Work::Idle,
            version: 1,
            create_time: journal.now,
            update_time: journal.now,
            pool,
            attachment: None,
            drift: None,
            whatsapp_sender: false,
        };
        let rows: Vec<PhoneNumber> = new.into_iter().map(number).collect();
        numbers::insert(journal.txn(), &rows).await.expect("inserted");
        journal.commit().await.expect("commits");
    }

    /// Free numbers of the backup account.
    async fn free(&self, numbers: impl IntoIterator<Item = (String, Capabilities)>) {
        let pooled = |(e164, capabilities)| (e164, capabilities, None, Some(Pool::FREE));
        self.put(self.backup, numbers.into_iter().map(pooled).collect()).await;
    }

    /// Agents of the primary account, each with a number.
    async fn answered(&self, numbers: impl IntoIterator<Item = (String, Capabilities)>) -> Vec<pb::Agent> {
        let mut agents = Vec::new();
        let mut rows = Vec::new();
        for (e164, capabilities) in numbers {
            let agent = self.plane.agent(announcement("Hello.")).await;
            let assignment = Assignment::Agent(agent.id.parse().expect("an id"));
            rows.push((e164, capabilities, Some(assignment), None));
            agents.push(agent);
        }
        self.put(self.primary, rows).await;
        agents
    }

    async fn lines(&self) -> Vec<Line> {
        let scope = Scope::new(self.ctx().store.read(), self.plane.workspace);
        flow::pool::lines(&scope, self.primary).await.expect("read")
    }

    async fn count(&self, state: PoolState) -> usize {
        let scope = Scope::new(self.ctx().store.read(), self.plane.workspace);
        let page = callplane_control_plane::store::page::Ask { size: 500, after: None };
        let filter = numbers::Filter { account_id: Some(self.backup), ..Default::default() };
        let all = numbers::list(&scope, &filter, &page).await.expect("listed").rows;
        all.into_iter().filter(|number| number.pool.as_ref().is_some_and(|pool| pool.state == state)).count()
    }
}

fn german(number: usize) -> String {
    format!("+4930{:07}", 1_000_000 + number)
}

fn french(number: usize) -> String {
    format!("+331{:08}", 10_000_000 + number)
}

async fn the_same_number_is_never_reserved_twice_under_64_parallel_reservations(database: Database) {
    let stock = Stock::on(database).await;
    stock.free((0..40).map(|number| (german(number), VOICE))).await;
    stock.answered([(german(500), VOICE)]).await;
    let lines = stock.lines().await;
    let replicas = stock.plane.replicas();
    let one = async |racer: usize| {
        let ctx = &replicas[racer % replicas.len()].plane.ctx;
        let mut journal = Journal::begin(ctx, stock.plane.workspace).await.expect("begins");
        let reservation = flow::pool::reserve(&mut journal, stock.backup, &lines).await.expect("reserved");
        journal.commit().await.expect("commits");
        reservation
    };
    let all = join_all((0..64).map(one)).await;
    let given: Vec<_> = all.iter().flat_map(|one| &one.reserved).collect();
    let numbers: HashSet<_> = given.iter().map(|one| one.phone_number_id).collect();
    let moves: HashSet<_> = given.iter().map(|one| one.move_id).collect();
    assert_eq!((given.len(), numbers.len(), moves.len()), (40, 40, 40));
    assert_eq!(all.iter().filter(|one| !one.left_out.is_empty()).count(), 24);
    assert_eq!((stock.count(PoolState::Reserved).await, stock.count(PoolState::Free).await), (40, 0));
}

async fn fifty_agents_get_fifty_numbers_in_one_transaction(database: Database) {
    let stock = Stock::on(database).await;
    // Every fifth is in France, every other one takes texts; more numbers than needed wait, of both kinds.
    let e164 = |number: usize| if number.is_multiple_of(5) { french(number) } else { german(number) };
    let can = |number: usize| if number.is_multiple_of(2) { TEXTS } else { VOICE };
    stock.answered((0..50).map(|number| (e164(number), can(number)))).await;
    stock.free((100..170).map(|number| (e164(number), can(number)))).await;
    let lines = stock.lines().await;
    assert_eq!(lines.len(), 50);
    let mut journal = Journal::begin(stock.ctx(), stock.plane.workspace).await.expect("begins");
    let reservation = flow::pool::reserve(&mut journal, stock.backup, &lines).await.expect("reserved");
    journal.commit().await.expect("commits");
    assert!(reservation.left_out.is_empty());
    let numbers: HashSet<_> = reservation.reserved.iter().map(|one| one.phone_number_id).collect();
    assert_eq!(numbers.len(), 50);
    let scope = Scope::new(stock.ctx().store.read(), stock.plane.workspace);
    for one in &reservation.reserved {
        let number = numbers::by_id(&scope, one.phone_number_id).await.expect("read").expect("there");
        assert_eq!(Area::of(&number.e164), one.line.area());
        assert!(number.capabilities.include(one.line.capabilities), "{:?}", one.line.capabilities);
        assert_eq!(number.pool.and_then(|pool| pool.reserved_by), Some(one.move_id));
        assert_eq!(number.assignment, None);
    }
}

async fn a_shortage_gives_a_partial_plan_and_an_abandoned_one_leaves_no_trace(database: Database) {
    let stock = Stock::on(database).await;
    stock.answered((0..12).map(|number| (german(number), VOICE))).await;
    stock.answered((20..23).map(|number| (french(number), VOICE))).await;
    stock.free((100..110).map(|number| (german(number), VOICE))).await;
    let lines = stock.lines().await;
    let mut journal = Journal::begin(stock.ctx(), stock.plane.workspace).await.expect("begins");
    let abandoned = flow::pool::reserve(&mut journal, stock.backup, &lines).await.expect("reserved");
    drop(journal);
    assert_eq!(stock.count(PoolState::Reserved).await, 0);
    let mut journal = Journal::begin(stock.ctx(), stock.plane.workspace).await.expect("begins");
    let kept = flow::pool::reserve(&mut journal, stock.backup, &lines).await.expect("reserved");
    journal.commit().await.expect("commits");
    let pairs = |reservation: &flow::pool::Reservation| -> BTreeMap<PhoneNumberId, PhoneNumberId> {
        reservation.reserved.iter().map(|one| (one.line.phone_number_id, one.phone_number_id)).collect()
    };
    assert_eq!(pairs(&abandoned), pairs(&kept), "the same lines and numbers give the same plan");
    assert_eq!((kept.reserved.len(), stock.count(PoolState::Reserved).await), (10, 10));
    let areas: Vec<_> = kept.left_out.iter().map(|(line, why)| (line.area().to_string(), *why)).collect();
    let of = |area: &str| areas.iter().filter(|(left, _)| left == area).count();
    assert_eq!((of("DE"), of("FR")), (2, 3));
    assert!(areas.iter().all(|(_, why)| *why == LeftOut::NoNumberOfCountry));
}

async fn paused_agents_and_those_who_were_moved_are_not_lines(database: Database) {
    let stock = Stock::on(database).await;
    let agents = stock.answered((0..3).map(|number| (german(number), VOICE))).await;
    let pause = pb::PauseAgentRequest { agent_id: agents[0].id.clone(), ..Default::default() };
    stock.plane.api.agents().pause_agent(pause).await.expect("paused");
    stock.free([(german(100), VOICE)]).await;
    let lines = stock.lines().await;
    let of = |agent: &pb::Agent| Some(agent.id.parse().expect("an id"));
    assert_eq!(
        lines.iter().map(|line| line.agent_id).collect::<HashSet<_>>(),
        HashSet::from([of(&agents[1]), of(&agents[2])])
    );

    // The flip of a move, in one transaction: the number is taken and becomes the agent's own.
    let moved: Vec<Line> = lines.into_iter().filter(|line| line.agent_id == of(&agents[1])).collect();
    let mut journal = Journal::begin(stock.ctx(), stock.plane.workspace).await.expect("begins");
    let one = flow::pool::reserve(&mut journal, stock.backup, &moved).await.expect("reserved").reserved.remove(0);
    flow::pool::take(&mut journal, one.phone_number_id, one.move_id, one.line.assignment).await.expect("taken");
    journal.commit().await.expect("commits");
    let left: Vec<_> = stock.lines().await.into_iter().map(|line| line.agent_id).collect();
    assert_eq!(left, [of(&agents[2])]);
    let scope = Scope::new(stock.ctx().store.read(), stock.plane.workspace);
    let agent = callplane_control_plane::store::agent::by_id(&scope, of(&agents[1]).expect("an id"));
    let own_number = agent.await.expect("read").expect("there").own_number;
    assert_eq!(own_number, Some(OwnNumber { account_id: stock.backup, phone_number_id: one.phone_number_id }));
    let there = flow::pool::lines(&scope, stock.backup).await.expect("read");
    assert_eq!(there.iter().map(|line| line.agent_id).collect::<Vec<_>>(), [of(&agents[1])], "it can be moved on");
}
