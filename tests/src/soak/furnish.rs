//! What is there before the first call: accounts at Twilio and with us, numbers that callers call, numbers that are only
//! configured again and again, and an agent who answers.

use std::time::Duration;

use callplane_proto::v1::{self as pb, AccountStatus, PhoneNumberState, WebhooksState};
use callplane_simulator::{NewAccount, NewNumber, SeededAccount, SeededNumber};
use futures::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{Failure, fleet::Fleet};
use crate::{Api, scene::announcement};

/// Accounts at Twilio.
const ACCOUNTS: usize = 2;
/// Numbers of each account that are called.
const CALLED: usize = 3;
/// Numbers of each account whose webhooks are written during the run.
const WRITTEN: usize = 2;
/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(50);

/// What callers hear when a control plane has answered, and stored the call.
pub const ANSWER: &str = "This is the agent of the soak.";
/// What they hear from an edge that found no control plane: nothing is stored.
pub const FALLBACK: &str = "This is the fallback of the soak.";

/// What calls and chores need.
#[derive(Clone, Debug, Default)]
pub struct Furniture {
    /// The workspace that everything is in.
    pub workspace_id: String,
    /// Who is called, with the webhooks Twilio has for it.
    pub called: Vec<Called>,
    /// Whose webhooks are written: our id and the number.
    pub written: Vec<Written>,
}

/// A number that is called.
#[derive(Clone, Debug)]
pub struct Called {
    /// The account that owns it.
    pub account: SeededAccount,
    /// The number.
    pub e164: String,
    /// What Twilio asks when somebody calls.
    pub voice_url: String,
    /// What Twilio asks when that failed.
    pub fallback_url: String,
    /// What Twilio tells of the call.
    pub status_url: String,
}

/// A number whose webhooks are written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Ours.
    pub id: String,
    /// Twilio's.
    pub sid: String,
    /// The number.
    pub e164: String,
}

/// Builds it all, as an operator would.
pub async fn furnish(fleet: &Fleet) -> Result<Furniture, Failure> {
    let operator = &fleet.operators[0];
    let workspace = pb::Workspace { display_name: "Soak".into(), ..Default::default() };
    let request = pb::CreateWorkspaceRequest { workspace: Some(workspace), ..Default::default() };
    let workspace = operator.workspaces().create_workspace(request).await?.into_inner().workspace;
    let workspace_id = workspace.ok_or("a workspace")?.id;
    let api = operator.within(&workspace_id);
    let agent_id = agent(&api).await?;
    let mut furniture = Furniture { workspace_id, ..Furniture::default() };
    for index in 0..ACCOUNTS {
        let seeded = fleet.twilio.add_account(NewAccount::default()).await?;
        let account_id = account(&api, &seeded).await?;
        let numbers = (0..CALLED + WRITTEN).map(|number| format!("+1555{:07}", 1_000_000 * (index + 1) + number));
        let numbers: Vec<String> = numbers.collect();
        let called = numbers[..CALLED].iter().map(async |e164| {
            fleet.twilio.add_number(NewNumber::new(e164, &seeded.sid)).await?;
            let id = import(&api, &account_id, e164).await?;
            assign(&api, &id, &agent_id).await?;
            configure(&api, &id).await?;
            Called::of(&seeded, &fleet.twilio.numbers().await?, e164)
        });
        let written = numbers[CALLED..].iter().map(async |e164| {
            let sid = fleet.twilio.add_number(NewNumber::new(e164, &seeded.sid)).await?.sid;
            let id = import(&api, &account_id, e164).await?;
            Ok::<_, Failure>(Written { id, sid, e164: e164.clone() })
        });
        // Side by side: each waits for one worker after the other.
        let (called, written) = tokio::try_join!(try_join_all(called), try_join_all(written))?;
        furniture.called.extend(called);
        furniture.written.extend(written);
    }
    Ok(furniture)
}

impl Called {
    fn of(account: &SeededAccount, numbers: &[SeededNumber], e164: &str) -> Result<Self, Failure> {
        let number = numbers.iter().find(|number| number.phone_number == e164).ok_or("the number is at Twilio")?;
        let url = |name: &str| number.settings.get(name).cloned().ok_or("its webhooks are configured");
        Ok(Self {
            account: account.clone(),
            e164: e164.to_owned(),
            voice_url: url("VoiceUrl")?,
            fallback_url: url("VoiceFallbackUrl")?,
            status_url: url("StatusCallback")?,
        })
    }
}

async fn agent(api: &Api) -> Result<String, Failure> {
    let agent = pb::Agent { display_name: "Desk".into(), endpoint: Some(announcement(ANSWER)), ..Default::default() };
    let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
    Ok(api.agents().create_agent(request).await?.into_inner().agent.ok_or("an agent")?.id)
}

async fn account(api: &Api, seeded: &SeededAccount) -> Result<String, Failure> {
    let account = pb::Account { display_name: "Main".into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let account_id = api.accounts().create_account(request).await?.into_inner().account.ok_or("an account")?.id;
    until("the account is proved", async || {
        let request = pb::GetAccountRequest { account_id: account_id.clone() };
        let account = api.accounts().get_account(request).await?.into_inner().account.ok_or("an account")?;
        Ok(account.status() == AccountStatus::Active)
    })
    .await?;
    Ok(account_id)
}

async fn import(api: &Api, account_id: &str, e164: &str) -> Result<String, Failure> {
    let fallback =
        pb::fallback::Kind::Announcement(pb::Announcement { text: FALLBACK.to_owned(), ..Default::default() });
    let number = pb::PhoneNumber {
        account_id: account_id.to_owned(),
        e164: e164.to_owned(),
        fallback: Some(pb::Fallback { kind: Some(fallback) }),
        ..Default::default()
    };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let imported = api.numbers().import_phone_number(request).await?.into_inner();
    let id = imported.phone_number.ok_or("a number")?.id;
    until("the number is ours", async || Ok(read(api, &id).await?.state() == PhoneNumberState::Active)).await?;
    Ok(id)
}

async fn assign(api: &Api, number_id: &str, agent_id: &str) -> Result<(), Failure> {
    let target = pb::assignment::Target::AgentId(agent_id.to_owned());
    let request = pb::AssignPhoneNumberRequest {
        phone_number_id: number_id.to_owned(),
        assignment: Some(pb::Assignment { target: Some(target) }),
        ..Default::default()
    };
    api.numbers().assign_phone_number(request).await?;
    Ok(())
}

async fn configure(api: &Api, number_id: &str) -> Result<(), Failure> {
    let request = pb::ConfigureWebhooksRequest { phone_number_id: number_id.to_owned(), ..Default::default() };
    api.numbers().configure_webhooks(request).await?;
    let in_sync = async || Ok(read(api, number_id).await?.webhooks_state() == WebhooksState::InSync);
    until("the webhooks are written", in_sync).await
}

/// A number as it stands.
pub async fn read(api: &Api, number_id: &str) -> Result<pb::PhoneNumber, Failure> {
    let request = pb::GetPhoneNumberRequest { phone_number_id: number_id.to_owned() };
    let got = api.numbers().get_phone_number(request).await?.into_inner();
    Ok(got.phone_number.ok_or("a number")?)
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    let give_up = Instant::now() + PATIENCE;
    while !is_so().await? {
        if Instant::now() > give_up {
            return Err(format!("it never came to this: {what}").into());
        }
        sleep(GLANCE).await;
    }
    Ok(())
}
