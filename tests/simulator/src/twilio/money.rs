//! Balance and usage. Only main accounts have a balance.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::paging::page;
use super::{Context, Result};
use crate::exchange::Answer;
use crate::state::Call;

pub fn balance(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let account = state.accounts.get(&context.account_sid).filter(|account| account.parent_sid.is_none());
    let account = account.ok_or_else(|| TwilioError::not_found(&context.request.path))?;
    Ok(Answer::json(200, &json!({ "account_sid": account.sid, "balance": account.balance, "currency": "USD" })))
}

pub fn usage(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let with_subaccounts = context.query("IncludeSubaccounts") != Some("false");
    let counts = |account_sid: &str| {
        let parent = state.accounts.get(account_sid).and_then(|account| account.parent_sid.as_deref());
        account_sid == context.account_sid || (with_subaccounts && parent == Some(&context.account_sid))
    };
    let calls: Vec<&Call> = state.calls.oldest_first().filter(|call| counts(&call.account_sid)).collect();
    let today = context.world.clock.now().format("%Y-%m-%d").to_string();
    let record = |category: &str, count: usize, unit: &str| -> Value {
        json!({
            "account_sid": context.account_sid,
            "api_version": "2010-04-01",
            "category": category,
            "count": count.to_string(),
            "count_unit": unit,
            "end_date": context.query("EndDate").unwrap_or(&today),
            "price": 0.0,
            "price_unit": "usd",
            "start_date": context.query("StartDate").unwrap_or(&today),
            "usage": count.to_string(),
            "usage_unit": unit,
        })
    };
    let messages = state.messages.oldest_first().filter(|message| counts(&message.account_sid)).count();
    let items = [record("calls", calls.len(), "calls"), record("sms", messages, "messages")];
    let wanted = |item: &Value| context.query("Category").is_none_or(|category| item["category"] == category);
    page(context, "usage_records", items.iter().filter(|item| wanted(item)), Value::clone)
}
