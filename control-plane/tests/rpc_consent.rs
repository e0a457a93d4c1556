//! The consent and do-not-call services over a real database, and what webhooks do to both.

mod common;
mod rows;

use callplane_control_plane::{
    domain::{
        consent::{Channel, ConsentState},
        dnc::Source,
    },
    flow::{Journal, consent as flow},
    rpc::{consent::Consents, dnc::DoNotCall},
    store::{Scope, audit, consent as store, dnc, event},
};
use callplane_proto::v1::{
    self as pb, ConsentChannel as On, ConsentState as Says, consent_service_server::ConsentService,
    dnc_service_server::DncService,
};
use chrono::Duration;
use common::{Plane, blamed, on_every_database, why};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tonic::{Code, Status};

const ANN: &str = "+4930123456";

struct Desk<'p> {
    plane: &'p Plane,
    consents: Consents,
    list: DoNotCall,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, consents: Consents::new(plane.ctx.clone()), list: DoNotCall::new(plane.ctx.clone()) }
    }

    async fn record(&self, consent: pb::Consent) -> Result<pb::Consent, Status> {
        let request = pb::RecordConsentRequest { consent: Some(consent), ..Default::default() };
        let request = self.plane.ask("ConsentService/RecordConsent", request);
        Ok(self.consents.record_consent(request).await?.into_inner().consent.expect("always there"))
    }

    async fn consents(&self, request: pb::ListConsentsRequest) -> pb::ListConsentsResponse {
        let request = self.plane.ask("ConsentService/ListConsents", request);
        self.consents.list_consents(request).await.expect("listed").into_inner()
    }

    async fn latest(&self, address: &str, channel: Channel) -> Option<ConsentState> {
        let scope = Scope::new(self.plane.ctx.store.read(), self.plane.workspace);
        store::latest(&scope, address, channel).await.expect("looked").map(|consent| consent.state)
    }

    async fn add(&self, number: &str, reason: &str) -> pb::AddDncEntryResponse {
        let request =
            pb::AddDncEntryRequest { phone_number: number.into(), reason: reason.into(), ..Default::default() };
        let request = self.plane.ask("DncService/AddDncEntry", request);
        self.list.add_dnc_entry(request).await.expect("added").into_inner()
    }

    async fn remove(&self, number: &str) -> bool {
        let request = pb::RemoveDncEntryRequest { phone_number: number.into() };
        let request = self.plane.ask("DncService/RemoveDncEntry", request);
        self.list.remove_dnc_entry(request).await.expect("removed").into_inner().removed
    }

    async fn get(&self, number: &str) -> Result<pb::DncEntry, Status> {
        let request = pb::GetDncEntryRequest { phone_number: number.into() };
        let request = self.plane.ask("DncService/GetDncEntry", request);
        Ok(self.list.get_dnc_entry(request).await?.into_inner().dnc_entry.expect("always there"))
    }

    async fn listed(&self, request: pb::ListDncEntriesRequest) -> pb::ListDncEntriesResponse {
        let request = self.plane.ask("DncService/ListDncEntries", request);
        self.list.list_dnc_entries(request).await.expect("listed").into_inner()
    }

    async fn import(&self, numbers: Vec<String>) -> Result<(i32, i32), Status> {
        let request = pb::ImportDncEntriesRequest { phone_numbers: numbers, ..Default::default() };
        let request = self.plane.ask("DncService/ImportDncEntries", request);
        let answer = self.list.import_dnc_entries(request).await?.into_inner();
        Ok((answer.new_count, answer.known_count))
    }

    async fn import_some(&self, numbers: impl Iterator<Item = u32>) -> (i32, i32) {
        self.import(numbers.map(numbered).collect()).await.expect("imported")
    }
}

fn numbered(number: u32) -> String {
    format!("+49301{number:07}")
}

fn said(address: &str, channel: On, state: Says) -> pb::Consent {
    pb::Consent {
        address: address.into(),
        channel: channel.into(),
        state: state.into(),
        source: "web-form".into(),
        ..Default::default()
    }
}

fn said_at(address: &str, state: Says, seconds: i64) -> pb::Consent {
    let consent_time = Some(prost_types::Timestamp { seconds, nanos: 0 });
    pb::Consent { consent_time, ..said(address, On::Voice, state) }
}

#[tokio::test]
async fn what_was_said_last_counts_whenever_it_is_recorded() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        assert_eq!(desk.latest(ANN, Channel::Voice).await, None);
        desk.record(said_at(ANN, Says::Revoked, 1_779_000_000)).await.expect("recorded");
        desk.record(said_at(ANN, Says::Granted, 1_778_000_000)).await.expect("recorded");
        assert_eq!(desk.latest(ANN, Channel::Voice).await, Some(ConsentState::Revoked), "an old form is found");
        desk.record(said(ANN, On::Voice, Says::Granted)).await.expect("recorded");
        assert_eq!(desk.latest(ANN, Channel::Voice).await, Some(ConsentState::Granted));
        desk.record(said(ANN, On::Voice, Says::Revoked)).await.expect("recorded");
        assert_eq!(desk.latest(ANN, Channel::Voice).await, Some(ConsentState::Revoked), "of two, the later record");
        assert_eq!(desk.latest(ANN, Channel::Sms).await, None);
        let next_door = Scope::new(plane.ctx.store.read(), plane.neighbour);
        assert!(store::latest(&next_door, ANN, Channel::Voice).await.expect("looked").is_none());
        desk.record(said("Ann@Example.com", On::Email, Says::Granted)).await.expect("recorded");
        assert_eq!(desk.latest("aNN@example.COM", Channel::Email).await, Some(ConsentState::Granted));
    })
    .await;
}

#[tokio::test]
async fn a_consent_is_about_an_address_of_its_channel_and_not_of_the_future() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        for wrong in [
            said("ann@example.com", On::Voice, Says::Granted),
            said(ANN, On::Email, Says::Granted),
            said("Ann", On::Sms, Says::Granted),
        ] {
            assert_eq!(blamed(desk.record(wrong).await), ["consent.address"]);
        }
        let tomorrow = plane.ctx.clock.now() + Duration::days(1);
        let early = said_at(ANN, Says::Granted, tomorrow.timestamp());
        assert_eq!(blamed(desk.record(early).await), ["consent.consent_time"]);
    })
    .await;
}

#[tokio::test]
async fn the_history_comes_in_pages_the_latest_first() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        // Two at the same second, and recorded in another order than said.
        for (state, seconds) in [(Says::Granted, 30), (Says::Revoked, 10), (Says::Granted, 20), (Says::Revoked, 20)] {
            desk.record(said_at(ANN, state, 1_779_000_000 + seconds)).await.expect("recorded");
        }
        desk.record(said(ANN, On::Sms, Says::Granted)).await.expect("recorded");
        desk.record(said("+4930123457", On::Voice, Says::Granted)).await.expect("recorded");
        let voice = i32::from(On::Voice);
        let ask = pb::ListConsentsRequest { page_size: 1, address: ANN.into(), channel: voice, ..Default::default() };
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let page = desk.consents(pb::ListConsentsRequest { page_token, ..ask.clone() }).await;
            seen.extend(
                page.consents.iter().map(|consent| (consent.consent_time.unwrap().seconds % 100, consent.state)),
            );
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let (granted, revoked) = (i32::from(Says::Granted), i32::from(Says::Revoked));
        assert_eq!(seen, [(30, granted), (20, revoked), (20, granted), (10, revoked)]);
        assert_eq!(desk.consents(pb::ListConsentsRequest::default()).await.consents.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_number_is_listed_once_and_keeps_its_first_entry() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        assert_eq!(why(desk.get(ANN).await), (Code::NotFound, "NOT_FOUND".into()));
        let first = desk.add(ANN, "a letter").await;
        let entry = first.dnc_entry.expect("always there");
        assert_eq!((first.already_listed, entry.source), (false, i32::from(pb::DncSource::Operator)));
        let again = desk.add(ANN, "another letter").await;
        assert_eq!((again.already_listed, again.dnc_entry.as_ref()), (true, Some(&entry)));
        assert_eq!(desk.get(ANN).await.expect("listed"), entry);
        let request = pb::GetDncEntryRequest { phone_number: ANN.into() };
        let foreign = desk.list.get_dnc_entry(plane.ask_next_door("DncService/GetDncEntry", request)).await;
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
        assert_eq!((desk.remove(ANN).await, desk.remove(ANN).await), (true, false));
        assert_eq!(rows::kinds_of(plane, &entry.id).await, ["dnc.added", "dnc.removed"]);
        assert!(!desk.add(ANN, "").await.already_listed);
    })
    .await;
}

#[tokio::test]
async fn an_import_stores_all_of_its_numbers_or_none() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let numbers = ["+4930123456", "030123456", "+4930123457", "", "+49 30 123458"];
        let refused = desk.import(numbers.map(String::from).to_vec()).await;
        assert_eq!(blamed(refused), ["phone_numbers[1]", "phone_numbers[3]", "phone_numbers[4]"]);
        let nothing = desk.listed(pb::ListDncEntriesRequest::default()).await;
        assert_eq!((nothing.dnc_entries.len(), nothing.last_import_time), (0, None));
        desk.add(&numbered(7), "a letter").await;
        // 10,000 are the most there can be at once; SQLite takes them in parts.
        assert_eq!(desk.import_some(0..10_000).await, (9_999, 1));
        assert_eq!(desk.get(&numbered(7)).await.expect("listed").reason, "a letter", "the first entry stays");
        assert_eq!(desk.import_some([1, 10_000, 1, 10_000].into_iter()).await, (1, 1), "twice given is once");
        assert_eq!(rows::kinds_of(plane, &plane.workspace.to_string()).await, ["dnc.imported", "dnc.imported"]);
    })
    .await;
}

#[tokio::test]
async fn the_list_comes_in_pages_the_newest_first_and_tells_its_age() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        desk.add(ANN, "").await;
        desk.import_some(0..3).await;
        let imported = plane.ctx.clock.now();
        plane.clock.advance(Duration::days(1));
        desk.add("+4930123457", "").await;
        let ask = pb::ListDncEntriesRequest { page_size: 3, ..Default::default() };
        let page = desk.listed(ask.clone()).await;
        assert_eq!(page.dnc_entries[0].phone_number, "+4930123457");
        assert_eq!(page.last_import_time.expect("imported").seconds, imported.timestamp());
        let rest = desk.listed(pb::ListDncEntriesRequest { page_token: page.next_page_token, ..ask }).await;
        assert_eq!(rest.dnc_entries[1].phone_number, ANN);
        let source = i32::from(pb::DncSource::Import);
        let only = desk.listed(pb::ListDncEntriesRequest { source, ..Default::default() }).await;
        assert_eq!(only.dnc_entries.len(), 3);
        // An import of what is known already makes the list younger all the same.
        assert_eq!(desk.import_some(0..3).await, (0, 3));
        let age = desk.listed(pb::ListDncEntriesRequest::default()).await.last_import_time;
        assert_eq!(age.expect("imported").seconds, plane.ctx.clock.now().timestamp());
    })
    .await;
}

#[tokio::test]
async fn opting_out_and_in_may_be_heard_twice() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let number = ANN.parse().expect("E.164");
        let stop = async || {
            let mut journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
            let changed = flow::opt_out(&mut journal, &number, Source::SmsStop).await.expect("opted out");
            journal.commit().await.expect("commits");
            changed
        };
        let start = async || {
            let mut journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
            let changed = flow::opt_in(&mut journal, &number, "sms-start").await.expect("opted in");
            journal.commit().await.expect("commits");
            changed
        };
        assert_eq!((stop().await, stop().await), (true, false));
        assert_eq!(desk.get(ANN).await.expect("listed").source, i32::from(pb::DncSource::SmsStop));
        assert_eq!(desk.latest(ANN, Channel::Sms).await, Some(ConsentState::Revoked));
        assert_eq!((start().await, start().await), (true, false));
        assert_eq!(why(desk.get(ANN).await).0, Code::NotFound);
        assert_eq!(desk.latest(ANN, Channel::Sms).await, Some(ConsentState::Granted));
        let history = desk.consents(pb::ListConsentsRequest::default()).await.consents;
        let sources: Vec<_> = history.iter().map(|consent| consent.source.as_str()).collect();
        assert_eq!(sources, ["sms-start", "sms-stop"]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_webhooks_opts_out_in_the_workspace_it_is_about() {
    on_every_database(async |plane| {
        let number = ANN.parse().expect("E.164");
        let mut journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
        flow::opt_out_in(&mut journal, plane.neighbour, &number, Source::Key).await.expect("opted out");
        journal.commit().await.expect("commits");
        let there = Scope::new(plane.ctx.store.read(), plane.neighbour);
        assert!(dnc::find(&there, &number).await.expect("looked").is_some());
        assert!(store::latest(&there, ANN, Channel::Sms).await.expect("looked").is_some());
        assert_eq!(why(Desk::at(plane).get(ANN).await).0, Code::NotFound);
    })
    .await;
}

#[tokio::test]
async fn the_audit_and_the_events_name_no_number_and_no_evidence() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        desk.record(pb::Consent { evidence: "canary".into(), ..said(ANN, On::Sms, Says::Granted) })
            .await
            .expect("kept");
        desk.add(ANN, "canary").await;
        desk.import_some(0..3).await;
        desk.remove(ANN).await;
        let scope = Scope::new(plane.ctx.store.read(), plane.workspace);
        let entries = audit::after(&scope, 0, 100).await.expect("read");
        let events = event::after(scope.db, &event::Filter::default(), 0, 100).await.expect("read");
        assert_eq!((entries.len(), events.len()), (4, 4));
        assert!(entries[2].request.contains(r#""phone_numbers":3"#), "{}", entries[2].request);
        let events = events.into_iter().map(|event| event.data.0.to_string());
        let kept: String = entries.into_iter().map(|entry| entry.request).chain(events).collect();
        for hidden in ["canary", "+4930", "4930123456"] {
            assert!(!kept.contains(hidden), "{kept}");
        }
    })
    .await;
}

/// How many numbers are on the list in the next story; a million to measure.
const NUMBERS: &str = "CALLPLANE_TEST_DNC_ENTRIES";

#[tokio::test]
async fn a_look_up_is_one_probe_of_one_index() {
    let numbers = std::env::var(NUMBERS).map_or(20_000, |numbers| numbers.parse().expect("a number"));
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        for some in (0..numbers).step_by(10_000) {
            desk.import_some(some..(some + 10_000).min(numbers)).await;
        }
        let db = plane.ctx.store.read();
        let analyse = if db.get_database_backend() == DbBackend::Postgres { "ANALYZE dnc_entry" } else { "ANALYZE" };
        plane.ctx.store.write().execute_unprepared(analyse).await.expect("analysed");
        let plan = plan_of_a_look_up(plane).await;
        assert!(plan.contains("ix_dnc_entry_workspace_id_phone_number") && !plan.contains("Seq Scan"), "{plan}");
        let scope = Scope::new(db, plane.workspace);
        let started = std::time::Instant::now();
        for number in 0..1_000u32 {
            let number = numbered(number * 7919 % numbers).parse().expect("E.164");
            assert!(dnc::find(&scope, &number).await.expect("looked").is_some());
        }
        eprintln!("{numbers} numbers on {:?}: {:?} a look-up", db.get_database_backend(), started.elapsed() / 1_000);
    })
    .await;
}

async fn plan_of_a_look_up(plane: &Plane) -> String {
    let db = plane.ctx.store.read();
    let id = plane.workspace.uuid();
    let (explain, workspace, column) = match db.get_database_backend() {
        DbBackend::Postgres => ("EXPLAIN", format!("'{id}'"), "QUERY PLAN"),
        _ => ("EXPLAIN QUERY PLAN", format!("x'{}'", id.simple()), "detail"),
    };
    let question =
        format!("{explain} SELECT * FROM dnc_entry WHERE workspace_id = {workspace} AND phone_number = '{ANN}'");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), question)).await.expect("explained");
    rows.iter().map(|row| row.try_get::<String>("", column).expect("a line")).collect()
}
