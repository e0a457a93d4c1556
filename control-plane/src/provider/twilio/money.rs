//! What an account has left to spend.

use serde::Deserialize;

use super::{
    client::{Ask, Twilio, in_account},
    wire,
};
use crate::{
    domain::{
        money::{Currency, Money},
        outcome::Outcome,
    },
    provider::access::Access,
};

/// The amount comes as text.
#[derive(Deserialize)]
struct Balance {
    balance: String,
    currency: String,
}

/// The balance; a subaccount has none, and Twilio does not know it.
pub(super) async fn balance(twilio: &Twilio, access: &Access) -> Outcome<Money> {
    let ask = Ask::read("read balance", in_account(&access.account_sid, "/Balance.json"), Vec::new());
    twilio
        .ask(access, ask, |body| {
            let Balance { balance, currency } = wire::json(body)?;
            let currency: Currency = currency.parse().map_err(|_| "its currency is none")?;
            Money::decimal(currency, &balance).map_err(|_| "its balance is no amount")
        })
        .await
}
