//! The commands that talk to a running simulator.

use std::time::Duration;

use callplane_simulator::{
    Client, InboundMessage, LedgerFilter, NewAccount, NewAgent, NewElevenLabsKey, NewNumber, PlaceCall, Script,
    Transcript,
};
use serde::Serialize;

use super::files::{read_secret, read_text, write_secret};
use super::{AccountArguments, AdvanceArguments, At, CallArguments, Failure, LedgerArguments, MessageArguments, Seed};

impl At {
    fn client(&self) -> Client {
        let address = &self.address;
        Client::new(&if address.contains("://") { address.clone() } else { format!("http://{address}") })
    }
}

fn print<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Failed(error.to_string()))?;
    println!("{text}");
    Ok(())
}

pub async fn seed(seed: Seed) -> Result<(), Failure> {
    match seed {
        Seed::Account { at, account_sid: sid, parent_sid, friendly_name, auth_token_file } => {
            let known = read_secret(&auth_token_file)?;
            let account =
                NewAccount { sid, parent_sid, friendly_name, auth_token: known.clone(), ..NewAccount::default() };
            let seeded = at.client().add_account(account).await?;
            if known.is_none() {
                write_secret(&auth_token_file, &seeded.auth_token)?;
            }
            println!("{}", seeded.sid);
        }
        Seed::Number { at, account_sid, phone_number, voice_url, status_callback, sms_url } => {
            let number =
                NewNumber { phone_number, account_sid, voice_url, status_callback, sms_url, ..NewNumber::default() };
            println!("{}", at.client().add_number(number).await?.sid);
        }
        Seed::Agent { at, agent_id, name, api_key_file } => {
            let known = read_secret(&api_key_file)?;
            let client = at.client();
            let key = NewElevenLabsKey { key: known.clone(), workspace: None };
            let seeded = client.add_elevenlabs_key(key).await?;
            if known.is_none() {
                write_secret(&api_key_file, &seeded.key)?;
            }
            println!("{}", client.add_agent(NewAgent { agent_id, name, ..NewAgent::default() }).await?.agent_id);
        }
    }
    Ok(())
}

pub async fn call(arguments: CallArguments) -> Result<(), Failure> {
    let script: Script = match &arguments.script {
        None => Script::default(),
        Some(path) => {
            let text = read_text(path)?;
            serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("--script: {error}")))?
        }
    };
    let call = PlaceCall { voice_url: arguments.voice_url, ..PlaceCall::new(&arguments.from, &arguments.to) };
    let transcript = arguments.at.client().place_inbound_call(call.script(script)).await?;
    if arguments.json { print(&transcript) } else { show(&transcript) }
}

/// A line for each request, then how it ended.
fn show(transcript: &Transcript) -> Result<(), Failure> {
    for exchange in &transcript.requests {
        let status = exchange.status.map_or("no answer".to_owned(), |status| status.to_string());
        let seconds = exchange.at_ms as f64 / 1000.0;
        let verbs = exchange.verbs.join(" ");
        println!(
            "{seconds:>7.1}s  {:<10} {:<4} {}  {status}  {verbs}",
            exchange.kind.name(),
            exchange.method,
            exchange.url
        );
    }
    for warning in &transcript.warnings {
        eprintln!("warning {}: {}", warning.code, warning.message);
    }
    println!("{} {} after {} s", transcript.call_sid, transcript.status, transcript.seconds);
    Ok(())
}

pub async fn message(arguments: MessageArguments) -> Result<(), Failure> {
    let MessageArguments { at, from, to, body } = arguments;
    let message = InboundMessage { from, to, body, ..InboundMessage::default() };
    print(&at.client().send_inbound_message(message).await?)
}

pub async fn ledger(arguments: LedgerArguments) -> Result<(), Failure> {
    let client = arguments.at.client();
    if arguments.counts {
        for (what, count) in client.ledger_counts().await? {
            println!("{count:>6}  {what}");
        }
        return Ok(());
    }
    let LedgerArguments { kind, account_sid, call_sid, .. } = arguments;
    let filter = LedgerFilter { kind, account_sid, call_sid, ..LedgerFilter::default() };
    for entry in client.ledger_of(&filter).await? {
        print(&entry)?;
    }
    Ok(())
}

pub async fn advance(arguments: AdvanceArguments) -> Result<(), Failure> {
    let by = Duration::try_from_secs_f64(arguments.seconds);
    let by = by.map_err(|_| Failure::Usage("--seconds: expected a number of seconds, not negative".to_owned()))?;
    print(&arguments.at.client().advance(by).await?)
}

pub async fn suspend(arguments: AccountArguments) -> Result<(), Failure> {
    let account = arguments.at.client().suspend(&arguments.account_sid).await?;
    println!("{} {}", account.sid, account.status.name());
    Ok(())
}

pub async fn reactivate(arguments: AccountArguments) -> Result<(), Failure> {
    let account = arguments.at.client().reactivate(&arguments.account_sid).await?;
    println!("{} {}", account.sid, account.status.name());
    Ok(())
}
