//! The system service over a real database.

mod common;

use std::collections::HashMap;

use callplane_control_plane::{
    domain::account::{Account, Event},
    domain::{
        id::{AccountId, WorkspaceId},
        outcome::Outcome,
        telephony::{AccountSeen, AccountStatus},
    },
    flow,
    rpc::{account::Accounts, gate::Caller, phone_number::PhoneNumbers, system::System},
};
use callplane_proto::v1::{
    self as pb, account_service_server::AccountService, phone_number_service_server::PhoneNumberService,
    system_service_server::SystemService,
};
use common::{Plane, blamed, on_every_database, why};
use pb::CheckOutcome::{Failed, Passed, Skipped, Warning};
use tonic::{Code, Status};

struct Desk<'p> {
    plane: &'p Plane,
    system: System,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, system: System::new(plane.ctx.clone()) }
    }

    async fn doctor(&self) -> (bool, HashMap<String, pb::CheckOutcome>) {
        let request = self.plane.ask("SystemService/RunDoctor", pb::RunDoctorRequest {});
        let answer = self.system.run_doctor(request).await.expect("checks").into_inner();
        (answer.passed, answer.checks.into_iter().map(|check| (check.name.clone(), check.outcome())).collect())
    }

    async fn effects(&self, caller: Caller, request: pb::ListEffectsRequest) -> Result<Vec<pb::Effect>, Status> {
        let request = self.plane.ask_as(caller, "SystemService/ListEffects", request);
        Ok(self.system.list_effects(request).await?.into_inner().effects)
    }

    async fn account(&self) -> pb::Account {
        let request = pb::CreateAccountRequest {
            account: Some(pb::Account {
                display_name: "Main".into(),
                account_sid: format!("AC{}", "1".repeat(32)),
                ..Default::default()
            }),
            credentials: Some(pb::Credentials { auth_token: "a".repeat(32), ..Default::default() }),
            ..Default::default()
        };
        let request = self.plane.ask("AccountService/CreateAccount", request);
        let made = Accounts::new(self.plane.ctx.clone()).create_account(request).await.expect("created");
        made.into_inner().account.expect("always there")
    }

    /// Twilio confirms the account.
    async fn confirm(&self, account: &pb::Account) {
        let sid: callplane_control_plane::domain::sid::AccountSid = account.account_sid.parse().expect("a SID");
        let seen =
            AccountSeen { sid: sid.clone(), status: AccountStatus::Active, owner_account_sid: sid, trial: false };
        let id: AccountId = account.id.parse().expect("an id");
        let event = Event::Read { round: 1, outcome: Outcome::Done(seen) };
        let ctx = &self.plane.ctx;
        flow::dispatch::<Account>(ctx, self.plane.workspace, id, event, None).await.expect("was asked");
    }
}

#[tokio::test]
async fn the_doctor_says_what_is_missing_in_an_empty_workspace() {
    on_every_database(async |plane| {
        let (passed, checks) = Desk::at(plane).doctor().await;
        assert!(!passed);
        for (name, outcome) in [
            ("public-url", Passed),
            ("telephony", Warning),
            ("primary-account", Failed),
            ("accounts-verify-webhooks", Skipped),
            ("agents", Failed),
            ("elevenlabs-key", Skipped),
            ("numbers", Failed),
            ("webhooks", Skipped),
            ("dnc-checker", Skipped),
            ("effects", Passed),
            ("master-key", Passed),
        ] {
            assert_eq!(checks[name], outcome, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_doctor_sees_what_grows_old() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let account = desk.account().await;
        let (_, checks) = desk.doctor().await;
        assert_eq!((checks["primary-account"], checks["accounts-active"]), (Warning, Warning));
        assert_eq!((checks["accounts-verify-webhooks"], checks["effects"]), (Passed, Passed));
        plane.clock.advance(chrono::Duration::minutes(2));
        assert_eq!(desk.doctor().await.1["effects"], Failed, "nobody took the effect");
        desk.confirm(&account).await;
        assert_eq!(desk.doctor().await.1["primary-account"], Passed);
        plane.clock.advance(chrono::Duration::days(81));
        assert_eq!(desk.doctor().await.1["token-rotation"], Warning);

        let number = pb::PhoneNumber { account_id: account.id, e164: "+15005550006".into(), ..Default::default() };
        let request = pb::RegisterPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let request = plane.ask("PhoneNumberService/RegisterPhoneNumber", request);
        PhoneNumbers::new(plane.ctx.clone()).register_phone_number(request).await.expect("registered");
        let (_, checks) = desk.doctor().await;
        assert_eq!((checks["numbers"], checks["numbers-assigned"], checks["webhooks"]), (Passed, Warning, Passed));
    })
    .await;
}

#[tokio::test]
async fn the_doctor_does_not_examine_a_workspace_that_is_not_there() {
    on_every_database(async |plane| {
        let nowhere = plane.operator(Some(WorkspaceId::fresh(&*plane.ctx.ids)));
        let request = plane.ask_as(nowhere, "SystemService/RunDoctor", pb::RunDoctorRequest {});
        let refused = Desk::at(plane).system.run_doctor(request).await;
        assert_eq!(why(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn effects_are_listed_by_what_they_are_for_and_to_their_own_workspace_only() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let account = desk.account().await;
        let own = || plane.caller(plane.workspace);
        let of =
            |resource_id: &str| pb::ListEffectsRequest { resource_id: resource_id.to_owned(), ..Default::default() };
        let effects = desk.effects(own(), of(&account.id)).await.expect("lists");
        let [effect] = effects.as_slice() else { panic!("one effect: {effects:?}") };
        assert_eq!((effect.kind.as_str(), &effect.resource_id), ("read-account", &account.id));
        assert_eq!((effect.state(), effect.attempt), (pb::EffectState::Ready, 0));
        let done = pb::ListEffectsRequest { state: pb::EffectState::Done.into(), ..Default::default() };
        assert_eq!(desk.effects(own(), done).await.expect("lists"), []);
        let neighbour = plane.caller(plane.neighbour);
        assert_eq!(desk.effects(neighbour, of(&account.id)).await.expect("lists"), []);
        assert_eq!(blamed(desk.effects(own(), of("nonsense")).await), ["resource_id"]);
    })
    .await;
}

#[tokio::test]
async fn the_server_says_what_it_is_to_whoever_has_a_token() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let edge = Caller { workspace: None, ..plane.operator(None) };
        let request = plane.ask_as(edge, "SystemService/GetServerInfo", pb::GetServerInfoRequest {});
        let info = desk.system.get_server_info(request).await.expect("says").into_inner();
        assert_eq!((info.profile.as_str(), info.telephony.as_str()), ("production", "mock"));
        assert!(["sqlite", "postgres"].contains(&info.database.as_str()));
        assert_eq!((info.schema_digest.len(), info.workspace_id.as_str()), (64, ""));
        assert!(info.services.contains(&"callplane.v1.AccountService".to_owned()));
        assert_eq!(info.scopes, ["*"]);
    })
    .await;
}
