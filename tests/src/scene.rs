//! What most stories begin with: an account that is proved, a number that is ours at Twilio too, an agent who answers.

use callplane_proto::v1 as pb;
use callplane_simulator::{NewAccount, NewNumber, PlaceCall, Script, Transcript};
use pb::agent::Endpoint;

use crate::Plane;

/// Our number in most stories.
pub const NUMBER: &str = "+14155550123";
/// Who calls it.
pub const CALLER: &str = "+14155550199";
/// A person who answers for us.
pub const DESK: &str = "+14155550177";

/// An account at the simulated Twilio and with us.
#[derive(Clone, Debug)]
pub struct Account {
    /// Our id.
    pub id: String,
    /// Twilio's.
    pub sid: String,
    /// What its webhooks are signed with.
    pub auth_token: String,
}

impl Plane {
    /// A main account, proved, and known to the edge.
    pub async fn account(&self) -> Account {
        let seeded = self.twilio.add_account(NewAccount::default()).expect("an account");
        self.logs.never(&seeded.auth_token);
        let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
        let account = self.create_account(&seeded.sid, credentials).await;
        self.settle().await;
        self.edge_hears(|directory| directory.account(&seeded.sid).is_some_and(|account| !account.keys.is_empty()))
            .await;
        Account { id: account.id, sid: seeded.sid, auth_token: seeded.auth_token }
    }

    /// An account with us, whatever Twilio thinks of it. Nothing is proved yet.
    pub async fn create_account(&self, sid: &str, credentials: pb::Credentials) -> pb::Account {
        let account = pb::Account { display_name: "Main".into(), account_sid: sid.into(), ..Default::default() };
        let request =
            pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
        let created = self.api.accounts().create_account(request).await.expect("an account");
        created.into_inner().account.expect("an account")
    }

    /// An account as it stands.
    pub async fn account_now(&self, id: &str) -> pb::Account {
        let request = pb::GetAccountRequest { account_id: id.to_owned() };
        self.api.accounts().get_account(request).await.expect("an account").into_inner().account.expect("an account")
    }

    /// A number the account owns at Twilio, imported, its webhooks ours, and known to the edge.
    pub async fn number(&self, account: &Account, e164: &str) -> pb::PhoneNumber {
        self.twilio.add_number(NewNumber::new(e164, &account.sid)).expect("a number");
        let imported = self.import(account, e164).await;
        self.settle().await;
        self.configure(&imported.id).await;
        self.settle().await;
        self.edge_hears(|directory| directory.owner(e164).is_some()).await;
        self.number_now(&imported.id).await
    }

    /// Imports a number; Twilio has not been asked yet.
    pub async fn import(&self, account: &Account, e164: &str) -> pb::PhoneNumber {
        self.logs.never(e164);
        let number = pb::PhoneNumber { account_id: account.id.clone(), e164: e164.to_owned(), ..Default::default() };
        let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let imported = self.api.numbers().import_phone_number(request).await.expect("imported");
        imported.into_inner().phone_number.expect("a number")
    }

    /// Wants its webhooks to be ours.
    pub async fn configure(&self, phone_number_id: &str) -> pb::PhoneNumber {
        let request = pb::ConfigureWebhooksRequest { phone_number_id: phone_number_id.into(), ..Default::default() };
        let configured = self.api.numbers().configure_webhooks(request).await.expect("taken in");
        configured.into_inner().phone_number.expect("a number")
    }

    /// A number as it stands.
    pub async fn number_now(&self, id: &str) -> pb::PhoneNumber {
        let request = pb::GetPhoneNumberRequest { phone_number_id: id.to_owned() };
        let got = self.api.numbers().get_phone_number(request).await.expect("a number");
        got.into_inner().phone_number.expect("a number")
    }

    /// An agent.
    pub async fn agent(&self, endpoint: Endpoint) -> pb::Agent {
        if let Endpoint::Human(human) = &endpoint {
            self.logs.never(&human.phone_number);
        }
        let agent = pb::Agent { display_name: "Desk".into(), endpoint: Some(endpoint), ..Default::default() };
        self.add_agent(agent).await
    }

    /// An agent with everything said.
    pub async fn add_agent(&self, agent: pb::Agent) -> pb::Agent {
        let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
        self.api.agents().create_agent(request).await.expect("an agent").into_inner().agent.expect("an agent")
    }

    /// Lets an agent or a plan answer a number.
    pub async fn assign(&self, number: &pb::PhoneNumber, target: pb::assignment::Target) {
        let request = pb::AssignPhoneNumberRequest {
            phone_number_id: number.id.clone(),
            assignment: Some(pb::Assignment { target: Some(target) }),
            ..Default::default()
        };
        self.api.numbers().assign_phone_number(request).await.expect("assigned");
    }

    /// An account, a number and an agent who answers it.
    pub async fn answered_by(&self, endpoint: Endpoint) -> (Account, pb::PhoneNumber, pb::Agent) {
        let account = self.account().await;
        let number = self.number(&account, NUMBER).await;
        let agent = self.agent(endpoint).await;
        self.assign(&number, pb::assignment::Target::AgentId(agent.id.clone())).await;
        (account, number, agent)
    }

    /// Somebody calls the number and does what the script says, to the end.
    pub async fn call(&self, script: Script) -> Transcript {
        self.place(PlaceCall::new(CALLER, NUMBER).script(script)).await
    }

    /// Somebody calls, to the end; everything it caused is done.
    pub async fn place(&self, call: PlaceCall) -> Transcript {
        self.logs.never(&call.from);
        let transcript = self.twilio.place_inbound_call(call).await.expect("it rings");
        self.settle().await;
        self.twilio.transcript(&transcript.call_sid).expect("it was placed")
    }

    /// A call as it is stored.
    pub async fn stored_call(&self, call_sid: &str) -> pb::Call {
        let request = pb::GetCallRequest { call_id: call_sid.to_owned() };
        self.api.calls().get_call(request).await.expect("it is stored").into_inner().call.expect("a call")
    }

    /// The voicemails of the workspace.
    pub async fn voicemails(&self) -> Vec<pb::Voicemail> {
        let request = pb::ListVoicemailsRequest::default();
        self.api.voicemails().list_voicemails(request).await.expect("voicemails").into_inner().voicemails
    }
}

/// A person who is rung.
pub fn human(phone_number: &str) -> Endpoint {
    Endpoint::Human(pb::Human { phone_number: phone_number.to_owned(), ..Default::default() })
}

/// A text that is read out.
pub fn announcement(text: &str) -> Endpoint {
    Endpoint::Announcement(pb::Announcement { text: text.to_owned(), ..Default::default() })
}

/// A place to leave a message.
pub fn voicemail(greeting: &str) -> Endpoint {
    Endpoint::Voicemail(pb::VoicemailBox { greeting: greeting.to_owned(), ..Default::default() })
}
