//! Puts accounts, keys and numbers into the simulated Twilio, and changes them behind everybody's
//! back, as a suspension does. ElevenLabs' part is in `seed_elevenlabs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::state::{Account, AccountStatus, ApiKey, Capabilities, Number, Pricing};
use crate::twilio::{is_sid, numbers::is_e164};
use crate::world::World;

type Result<T> = std::result::Result<T, Refusal>;

/// Whatever is left out is made up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewAccount {
    pub sid: Option<String>,
    pub auth_token: Option<String>,
    pub secondary_auth_token: Option<String>,
    pub parent_sid: Option<String>,
    pub friendly_name: Option<String>,
    pub status: AccountStatus,
    pub trial: bool,
    pub balance: Option<String>,
    pub verified_numbers: Vec<String>,
    pub calls_per_second: Option<u32>,
    pub pricing: Option<Pricing>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededAccount {
    pub sid: String,
    pub auth_token: String,
    pub secondary_auth_token: Option<String>,
    pub parent_sid: Option<String>,
    pub friendly_name: String,
    pub status: AccountStatus,
}

impl From<&Account> for SeededAccount {
    fn from(account: &Account) -> Self {
        Self {
            sid: account.sid.clone(),
            auth_token: account.auth_token.clone(),
            secondary_auth_token: account.secondary_auth_token.clone(),
            parent_sid: account.parent_sid.clone(),
            friendly_name: account.friendly_name.clone(),
            status: account.status,
        }
    }
}

pub fn add_account(world: &World, new: NewAccount) -> Result<SeededAccount> {
    let sid = new.sid.unwrap_or_else(|| world.ids.sid("AC"));
    if !is_sid(&sid) || !sid.starts_with("AC") {
        return Err(Refusal::field("sid", "expected AC and 32 hex digits, or leave it out"));
    }
    let now = world.clock.now();
    let mut state = world.state();
    if state.accounts.get(&sid).is_some() {
        return Err(Refusal::field("sid", "there is already such an account"));
    }
    if let Some(parent) = &new.parent_sid {
        let main = state.accounts.get(parent).is_some_and(|parent| parent.parent_sid.is_none());
        if !main {
            return Err(Refusal::field("parent_sid", "expected the SID of a main account that was added before"));
        }
    }
    let account = Account {
        friendly_name: new.friendly_name.unwrap_or_else(|| format!("Account {}", &sid[30..])),
        parent_sid: new.parent_sid,
        status: new.status,
        trial: new.trial,
        auth_token: new.auth_token.unwrap_or_else(|| world.ids.token()),
        secondary_auth_token: new.secondary_auth_token,
        balance: new.balance.unwrap_or_else(|| "100.00".to_owned()),
        verified_numbers: new.verified_numbers,
        calls_per_second: new.calls_per_second.unwrap_or(1).max(1),
        pricing: new.pricing.unwrap_or_default(),
        next_call_at: None,
        created: now,
        updated: now,
        sid,
    };
    let seeded = SeededAccount::from(&account);
    state.accounts.put(&seeded.sid, account);
    Ok(seeded)
}

pub fn accounts(world: &World) -> Vec<SeededAccount> {
    world.state().accounts.oldest_first().map(SeededAccount::from).collect()
}

/// What the vendor does on its own: suspend, reactivate, close, or lose a token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountChange {
    pub status: Option<AccountStatus>,
    pub auth_token: Option<String>,
    pub calls_per_second: Option<u32>,
    pub balance: Option<String>,
    pub pricing: Option<Pricing>,
}

pub fn change_account(world: &World, sid: &str, change: AccountChange) -> Result<SeededAccount> {
    let mut state = world.state();
    let account = state.accounts.get_mut(sid).ok_or_else(|| Refusal::not_found("such account"))?;
    account.status = change.status.unwrap_or(account.status);
    account.calls_per_second = change.calls_per_second.unwrap_or(account.calls_per_second).max(1);
    if let Some(token) = change.auth_token {
        account.auth_token = token;
    }
    if let Some(pricing) = change.pricing {
        account.pricing = pricing;
    }
    if let Some(balance) = change.balance {
        account.balance = balance;
    }
    Ok(SeededAccount::from(&*account))
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewKey {
    pub account_sid: String,
    pub sid: Option<String>,
    pub secret: Option<String>,
    /// A standard key unless this is set.
    pub main: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededKey {
    pub sid: String,
    pub secret: String,
}

pub fn add_key(world: &World, new: NewKey) -> Result<SeededKey> {
    let now = world.clock.now();
    let mut state = world.state();
    if state.accounts.get(&new.account_sid).is_none() {
        return Err(Refusal::field("account_sid", "there is no such account: add it first"));
    }
    let key = ApiKey {
        sid: new.sid.unwrap_or_else(|| world.ids.sid("SK")),
        account_sid: new.account_sid,
        secret: new.secret.unwrap_or_else(|| world.ids.token()),
        main: new.main,
        friendly_name: "seeded".to_owned(),
        created: now,
        updated: now,
    };
    let seeded = SeededKey { sid: key.sid.clone(), secret: key.secret.clone() };
    state.keys.put(&seeded.sid, key);
    Ok(seeded)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewNumber {
    pub phone_number: String,
    pub account_sid: String,
    pub sid: Option<String>,
    pub voice_url: Option<String>,
    pub voice_fallback_url: Option<String>,
    pub status_callback: Option<String>,
    pub sms_url: Option<String>,
    pub sms_fallback_url: Option<String>,
    /// Calls and messages to it never arrive.
    pub dead: bool,
    pub capabilities: Capabilities,
    /// `none`, `any`, `local` or `foreign`.
    pub address_requirements: Option<String>,
}

impl NewNumber {
    pub fn new(phone_number: &str, account_sid: &str) -> Self {
        Self { phone_number: phone_number.to_owned(), account_sid: account_sid.to_owned(), ..Self::default() }
    }
}

/// A number as it is configured now: what a test reads to see what was configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededNumber {
    pub sid: String,
    pub phone_number: String,
    pub account_sid: String,
    pub friendly_name: String,
    pub dead: bool,
    /// By REST name: `VoiceUrl`, `StatusCallback`, ….
    pub settings: BTreeMap<String, String>,
}

impl From<&Number> for SeededNumber {
    fn from(number: &Number) -> Self {
        Self {
            sid: number.sid.clone(),
            phone_number: number.phone_number.clone(),
            account_sid: number.account_sid.clone(),
            friendly_name: number.friendly_name.clone(),
            dead: number.dead,
            settings: number.settings.clone(),
        }
    }
}

pub fn add_number(world: &World, new: NewNumber) -> Result<SeededNumber> {
    if !is_e164(&new.phone_number) {
        return Err(Refusal::field("phone_number", "expected + and 8 to 15 digits"));
    }
    let now = world.clock.now();
    let mut state = world.state();
    if state.accounts.get(&new.account_sid).is_none() {
        return Err(Refusal::field("account_sid", "there is no such account: add it first"));
    }
    if state.number(&new.phone_number).is_some() {
        return Err(Refusal::field("phone_number", "somebody owns this number already"));
    }
    let urls = [
        ("VoiceUrl", new.voice_url),
        ("VoiceFallbackUrl", new.voice_fallback_url),
        ("StatusCallback", new.status_callback),
        ("SmsUrl", new.sms_url),
        ("SmsFallbackUrl", new.sms_fallback_url),
    ];
    let set = urls.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?)));
    let number = Number {
        sid: new.sid.unwrap_or_else(|| world.ids.sid("PN")),
        account_sid: new.account_sid,
        friendly_name: new.phone_number.clone(),
        phone_number: new.phone_number,
        settings: set.collect(),
        dead: new.dead,
        address_requirements: new.address_requirements.unwrap_or_else(|| "none".to_owned()),
        capabilities: new.capabilities,
        created: now,
        updated: now,
    };
    let seeded = SeededNumber::from(&number);
    state.add_number(number);
    Ok(seeded)
}

pub fn numbers(world: &World) -> Vec<SeededNumber> {
    world.state().numbers.oldest_first().map(SeededNumber::from).collect()
}

/// A number that goes dead, or is changed by somebody else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberChange {
    pub dead: Option<bool>,
    /// By REST name; an empty value clears.
    pub settings: BTreeMap<String, String>,
}

/// `name` is the SID or the number itself.
pub fn change_number(world: &World, name: &str, change: NumberChange) -> Result<SeededNumber> {
    let mut state = world.state();
    let found = state.numbers.iter_mut().find(|number| number.sid == name || number.phone_number == name);
    let number = found.ok_or_else(|| Refusal::not_found("such number"))?;
    number.dead = change.dead.unwrap_or(number.dead);
    number.settings.extend(change.settings);
    Ok(SeededNumber::from(&*number))
}

/// Takes a number out of its account behind everybody's back. `name` is the SID or the number itself.
pub fn release_number(world: &World, name: &str) -> Result<()> {
    let mut state = world.state();
    let found = state.numbers.oldest_first().find(|number| number.sid == name || number.phone_number == name);
    let sid = found.ok_or_else(|| Refusal::not_found("such number"))?.sid.clone();
    state.remove_number(&sid);
    Ok(())
}
