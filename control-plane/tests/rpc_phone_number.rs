//! The phone number service over a real database.

mod common;

use callplane_control_plane::{
    domain::{
        agent::{Agent, AgentState, Announcement, Endpoint},
        id::{AgentId, WorkspaceId},
    },
    rpc::{account::Accounts, phone_number::PhoneNumbers},
    store::{self, Scope},
};
use callplane_proto::v1::{
    self as pb, account_service_server::AccountService, phone_number_service_server::PhoneNumberService,
};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use tonic::{Code, Status};

const ABSENT: &str = "num_01h455vb4pex5vsknk084sn02q";

struct Desk<'p> {
    plane: &'p Plane,
    numbers: PhoneNumbers,
    account_id: String,
}

fn e164(last: u32) -> String {
    format!("+1500555{last:04}")
}

fn taken() -> (Code, String) {
    (Code::AlreadyExists, "NUMBER_TAKEN".to_owned())
}

impl<'p> Desk<'p> {
    async fn at(plane: &'p Plane) -> Self {
        let account_id = Self::account(plane, plane.workspace, 1, true).await;
        Self { plane, numbers: PhoneNumbers::new(plane.ctx.clone()), account_id }
    }

    async fn account(plane: &Plane, workspace: WorkspaceId, number: u32, with_token: bool) -> String {
        let request = pb::CreateAccountRequest {
            account: Some(pb::Account {
                display_name: "Main".into(),
                account_sid: format!("AC{number:032x}"),
                ..Default::default()
            }),
            credentials: with_token.then(|| pb::Credentials { auth_token: "a".repeat(32), ..Default::default() }),
            ..Default::default()
        };
        let request = plane.ask_as(plane.caller(workspace), "AccountService/CreateAccount", request);
        let made = Accounts::new(plane.ctx.clone()).create_account(request).await.expect("created");
        made.into_inner().account.expect("always there").id
    }

    async fn agent(&self, workspace: WorkspaceId) -> String {
        let now = self.plane.ctx.clock.now();
        let agent = Agent {
            id: AgentId::fresh(&*self.plane.ctx.ids),
            workspace_id: workspace,
            display_name: "Greeter".into(),
            state: AgentState::Active,
            endpoint: Endpoint::Announcement(Announcement { text: "Hello".into(), ..Default::default() }),
            fallback_agent_id: None,
            version: 1,
            create_time: now,
            update_time: now,
            own_number: None,
        };
        let txn = self.plane.ctx.store.begin().await.expect("begins");
        store::agent::insert(&txn, &agent).await.expect("inserts");
        txn.commit().await.expect("commits");
        agent.id.to_string()
    }

    fn wanted(&self, last: u32) -> pb::PhoneNumber {
        pb::PhoneNumber { account_id: self.account_id.clone(), e164: e164(last), ..Default::default() }
    }

    async fn register(&self, number: pb::PhoneNumber) -> Result<pb::RegisterPhoneNumberResponse, Status> {
        let request = pb::RegisterPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let request = self.plane.ask("PhoneNumberService/RegisterPhoneNumber", request);
        Ok(self.numbers.register_phone_number(request).await?.into_inner())
    }

    async fn import(&self, number: pb::PhoneNumber, validate_only: bool) -> Result<pb::PhoneNumber, Status> {
        let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), validate_only, ..Default::default() };
        let request = self.plane.ask("PhoneNumberService/ImportPhoneNumber", request);
        let answer = self.numbers.import_phone_number(request).await?.into_inner();
        Ok(answer.phone_number.expect("always there"))
    }

    async fn get(&self, name: &str) -> Result<pb::PhoneNumber, Status> {
        let request = pb::GetPhoneNumberRequest { phone_number_id: name.to_owned() };
        let request = self.plane.ask("PhoneNumberService/GetPhoneNumber", request);
        Ok(self.numbers.get_phone_number(request).await?.into_inner().phone_number.expect("always there"))
    }

    async fn assign(&self, id: &str, agent_id: &str) -> Result<pb::AssignPhoneNumberResponse, Status> {
        let request = pb::AssignPhoneNumberRequest {
            phone_number_id: id.to_owned(),
            assignment: Some(to_agent(agent_id)),
            ..Default::default()
        };
        let request = self.plane.ask("PhoneNumberService/AssignPhoneNumber", request);
        Ok(self.numbers.assign_phone_number(request).await?.into_inner())
    }

    async fn configure(&self, id: &str, validate_only: bool) -> Result<pb::ConfigureWebhooksResponse, Status> {
        let request =
            pb::ConfigureWebhooksRequest { phone_number_id: id.to_owned(), validate_only, ..Default::default() };
        let request = self.plane.ask("PhoneNumberService/ConfigureWebhooks", request);
        Ok(self.numbers.configure_webhooks(request).await?.into_inner())
    }

    async fn effects(&self) -> usize {
        let scope = Scope::new(self.plane.ctx.store.read(), self.plane.workspace);
        let all = store::page::Ask { size: 500, after: None };
        let page = store::effect::list(&scope, None, None, &all).await.expect("lists");
        page.rows.iter().filter(|effect| effect.kind == "find-number").count()
    }
}

fn to_agent(id: &str) -> pb::Assignment {
    pb::Assignment { target: Some(pb::assignment::Target::AgentId(id.to_owned())) }
}

#[tokio::test]
async fn a_registered_number_takes_calls_at_once_and_the_reply_says_what_to_enter() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let answer = desk.register(desk.wanted(1)).await.expect("registered");
        let number = answer.phone_number.expect("always there");
        assert_eq!(number.state(), pb::PhoneNumberState::VerifyOnly);
        assert_eq!(number.webhooks_state(), pb::WebhooksState::Unmanaged);
        let capabilities = number.capabilities.expect("always there");
        assert!(capabilities.voice && capabilities.sms && !capabilities.fax);
        let voice_url = answer.webhooks.expect("always there").voice_url;
        assert!(voice_url.starts_with("https://calls.example.com/twilio/voice#"), "{voice_url}");
        assert_eq!(desk.get(&number.id).await.expect("by id"), number);
        assert_eq!(desk.get(&e164(1)).await.expect("by number"), number);
        assert_eq!(desk.effects().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_number_has_one_owner_and_nobody_learns_who() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        desk.register(desk.wanted(1)).await.expect("registered");
        assert_eq!(why(desk.register(desk.wanted(1)).await), taken());
        let account_id = Desk::account(plane, plane.neighbour, 2, true).await;
        let number = pb::PhoneNumber { account_id, ..desk.wanted(1) };
        let request = pb::RegisterPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let request = plane.ask_next_door("PhoneNumberService/RegisterPhoneNumber", request);
        let refused = desk.numbers.register_phone_number(request).await.expect_err("taken");
        assert_eq!(refused.message(), "the number is taken");
        let request = pb::GetPhoneNumberRequest { phone_number_id: e164(1) };
        let request = plane.ask_next_door("PhoneNumberService/GetPhoneNumber", request);
        let foreign = desk.numbers.get_phone_number(request).await.expect_err("foreign");
        let absent = desk.get(ABSENT).await.expect_err("absent");
        assert_eq!((foreign.message(), foreign.details()), (absent.message(), absent.details()));
    })
    .await;
}

#[tokio::test]
async fn an_import_asks_twilio_and_needs_credentials_to_ask_with() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        assert_eq!(desk.import(desk.wanted(1), true).await.expect("would work").id, "");
        assert_eq!(desk.effects().await, 0);
        let number = desk.import(desk.wanted(1), false).await.expect("imported");
        assert_eq!(number.state(), pb::PhoneNumberState::Pending);
        assert_eq!(desk.effects().await, 1);
        let bare = Desk::account(plane, plane.workspace, 2, false).await;
        let refused = desk.import(pb::PhoneNumber { account_id: bare, ..desk.wanted(2) }, false).await;
        assert_eq!(why(refused), (Code::FailedPrecondition, "ACCOUNT_VERIFY_ONLY".to_owned()));
        let foreign = Desk::account(plane, plane.neighbour, 3, true).await;
        let refused = desk.import(pb::PhoneNumber { account_id: foreign, ..desk.wanted(2) }, false).await;
        assert_eq!(why(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_assignment_names_who_answered_before_and_asks_no_vendor() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let number = desk.register(desk.wanted(1)).await.expect("registered").phone_number.expect("there");
        let (first, second) = (desk.agent(plane.workspace).await, desk.agent(plane.workspace).await);
        assert_eq!(desk.assign(&number.id, &first).await.expect("assigned").previous_assignment, None);
        let moved = desk.assign(&number.id, &second).await.expect("assigned");
        assert_eq!(moved.previous_assignment, Some(to_agent(&first)));
        assert_eq!(moved.phone_number.expect("there").assignment, Some(to_agent(&second)));
        let foreign = desk.agent(plane.neighbour).await;
        assert_eq!(why(desk.assign(&number.id, &foreign).await), (Code::NotFound, "NOT_FOUND".to_owned()));
        let request = pb::UnassignPhoneNumberRequest { phone_number_id: number.id, ..Default::default() };
        let request = plane.ask("PhoneNumberService/UnassignPhoneNumber", request);
        let left = desk.numbers.unassign_phone_number(request).await.expect("unassigned").into_inner();
        assert_eq!(left.previous_assignment, Some(to_agent(&second)));
        assert_eq!(desk.effects().await, 0);
    })
    .await;
}

#[tokio::test]
async fn many_numbers_are_registered_and_assigned_together_or_not_at_all() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let agent = desk.agent(plane.workspace).await;
        let ask = |lasts: Vec<u32>| {
            let request = pb::BatchRegisterPhoneNumbersRequest {
                phone_numbers: lasts.into_iter().map(|last| desk.wanted(last)).collect(),
                assignment: Some(to_agent(&agent)),
                ..Default::default()
            };
            desk.numbers
                .batch_register_phone_numbers(plane.ask("PhoneNumberService/BatchRegisterPhoneNumbers", request))
        };
        let made = ask(vec![3, 1, 2]).await.expect("registered").into_inner().phone_numbers;
        let e164s: Vec<_> = made.iter().map(|number| number.e164.clone()).collect();
        assert_eq!(e164s, [e164(3), e164(1), e164(2)]);
        assert!(made.iter().all(|number| number.assignment == Some(to_agent(&agent))));
        assert_eq!(why(ask(vec![4, 1]).await), taken());
        assert_eq!(blamed(ask(vec![4, 4]).await), ["phone_numbers"]);
        assert_eq!(why(desk.get(&e164(4)).await).0, Code::NotFound);

        let other = desk.agent(plane.workspace).await;
        let ask = |ids: Vec<String>| {
            let request =
                pb::BatchAssignPhoneNumbersRequest { phone_number_ids: ids, assignment: Some(to_agent(&other)) };
            desk.numbers.batch_assign_phone_numbers(plane.ask("PhoneNumberService/BatchAssignPhoneNumbers", request))
        };
        let ids: Vec<String> = made.iter().map(|number| number.id.clone()).collect();
        let refused = ask(vec![ids[0].clone(), ABSENT.to_owned()]).await;
        assert_eq!(why(refused).0, Code::NotFound);
        assert_eq!(desk.get(&ids[0]).await.expect("there").assignment, Some(to_agent(&agent)));
        let assigned = ask(ids.clone()).await.expect("assigned").into_inner().phone_numbers;
        assert_eq!(assigned.iter().map(|number| number.id.clone()).collect::<Vec<_>>(), ids);
        assert!(assigned.iter().all(|number| number.assignment == Some(to_agent(&other))));
    })
    .await;
}

#[tokio::test]
async fn webhooks_are_configured_by_an_effect_and_a_dry_run_only_tells() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let by_hand = desk.register(desk.wanted(1)).await.expect("registered").phone_number.expect("there");
        let refused = desk.configure(&by_hand.id, false).await;
        assert_eq!(why(refused), (Code::FailedPrecondition, "NUMBER_VERIFY_ONLY".to_owned()));
        let number = desk.import(desk.wanted(2), false).await.expect("imported");
        let before = desk.effects().await;
        let told = desk.configure(&number.id, true).await.expect("would work");
        assert_eq!(told.differences[0].field, "voice_url");
        assert_eq!(desk.effects().await, before);
        assert_eq!(desk.get(&number.id).await.expect("there"), number);
        let started = desk.configure(&number.id, false).await.expect("under way");
        let started = started.phone_number.expect("there");
        assert_eq!(started.webhooks_state(), pb::WebhooksState::Pending);
        assert_eq!(desk.effects().await, before + 1);
    })
    .await;
}

#[tokio::test]
async fn an_update_takes_named_fields_and_deleting_frees_the_number() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let number = desk.register(desk.wanted(1)).await.expect("registered").phone_number.expect("there");
        let wish = pb::PhoneNumber {
            display_name: "Front desk".into(),
            fallback: Some(pb::Fallback { kind: Some(pb::fallback::Kind::ForwardTo(e164(9))) }),
            voicemail: Some(pb::VoicemailBox::default()),
            ..number.clone()
        };
        let request = pb::UpdatePhoneNumberRequest {
            phone_number: Some(wish),
            update_mask: Some(FieldMask { paths: vec!["fallback".into(), "display_name".into()] }),
            etag: number.etag.clone(),
        };
        let request = plane.ask("PhoneNumberService/UpdatePhoneNumber", request);
        let changed = desk.numbers.update_phone_number(request).await.expect("changed").into_inner();
        let changed = changed.phone_number.expect("there");
        assert_eq!((changed.display_name.as_str(), changed.voicemail), ("Front desk", None));
        assert_eq!(changed.fallback.and_then(|f| f.kind), Some(pb::fallback::Kind::ForwardTo(e164(9))));
        let delete = |etag: String| {
            let request = pb::DeletePhoneNumberRequest { phone_number_id: number.id.clone(), etag };
            desk.numbers.delete_phone_number(plane.ask("PhoneNumberService/DeletePhoneNumber", request))
        };
        assert_eq!(why(delete(number.etag.clone()).await), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        delete(changed.etag).await.expect("deleted");
        desk.register(desk.wanted(1)).await.expect("free again");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_narrowed_by_its_filters() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane).await;
        let agent = desk.agent(plane.workspace).await;
        let number = desk.register(desk.wanted(1)).await.expect("registered").phone_number.expect("there");
        desk.register(desk.wanted(2)).await.expect("registered");
        desk.assign(&number.id, &agent).await.expect("assigned");
        let list = async |request: pb::ListPhoneNumbersRequest| {
            let request = plane.ask("PhoneNumberService/ListPhoneNumbers", request);
            let page = desk.numbers.list_phone_numbers(request).await.expect("lists").into_inner();
            page.phone_numbers.into_iter().map(|number| number.e164).collect::<Vec<_>>()
        };
        let unassigned = pb::ListPhoneNumbersRequest { unassigned: true, ..Default::default() };
        assert_eq!(list(unassigned).await, [e164(2)]);
        let of_agent = pb::ListPhoneNumbersRequest { agent_id: agent, ..Default::default() };
        assert_eq!(list(of_agent).await, [e164(1)]);
        let active = pb::PhoneNumberState::Active.into();
        assert_eq!(
            list(pb::ListPhoneNumbersRequest { state: active, ..Default::default() }).await,
            Vec::<String>::new()
        );
        assert_eq!(list(pb::ListPhoneNumbersRequest::default()).await.len(), 2);
    })
    .await;
}
