//! Numbers that can be bought: an endless shelf of fictitious ones.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::{Context, Result};
use crate::exchange::Answer;
use crate::state::{Capabilities, State};

const COUNTRIES: [(&str, &str, &str); 4] =
    [("US", "United States", "+1"), ("CA", "Canada", "+1"), ("GB", "United Kingdom", "+44"), ("DE", "Germany", "+49")];
const SHELF: u32 = 30;

pub fn get(context: &Context<'_>, rest: &[&str]) -> Result<Answer> {
    match rest {
        [] => {
            let countries: Vec<Value> = COUNTRIES.iter().map(|country| view(context, country)).collect();
            Ok(Answer::json(200, &json!({ "countries": countries, "uri": context.request.path })))
        }
        [code] => Ok(Answer::json(200, &view(context, country(context, code)?))),
        [code, kind @ ("Local" | "TollFree" | "Mobile")] => shelf(context, country(context, code)?, kind),
        _ => Err(TwilioError::not_found(&context.request.path)),
    }
}

fn country(context: &Context<'_>, code: &str) -> Result<&'static (&'static str, &'static str, &'static str)> {
    let found = COUNTRIES.iter().find(|(known, _, _)| *known == code);
    found.ok_or_else(|| TwilioError::not_found(&context.request.path))
}

fn view(context: &Context<'_>, (code, name, _): &(&str, &str, &str)) -> Value {
    let path = format!("/2010-04-01/Accounts/{}/AvailablePhoneNumbers/{code}", context.account_sid);
    json!({
        "beta": false,
        "country": name,
        "country_code": code,
        "subresource_uris": { "local": format!("{path}/Local.json"), "toll_free": format!("{path}/TollFree.json") },
        "uri": format!("{path}.json"),
    })
}

fn shelf(context: &Context<'_>, (code, _, prefix): &(&str, &str, &str), kind: &str) -> Result<Answer> {
    let area = match (context.query("AreaCode"), kind) {
        (Some(area), _) => area,
        (None, "TollFree") => "800",
        (None, _) => "201",
    };
    let state = context.world.state();
    let contains = context.query("Contains").unwrap_or_default().trim_matches('*');
    let fits = |number: &String| number.contains(contains) && state.number(number).is_none();
    let numbers = (0..SHELF).map(|n| fictitious(prefix, area, n)).filter(fits);
    let items: Vec<Value> = numbers
        .map(|number| {
            json!({
                "address_requirements": "none",
                "beta": false,
                "capabilities": Capabilities::default(),
                "friendly_name": number,
                "iso_country": code,
                "phone_number": number,
            })
        })
        .collect();
    Ok(Answer::json(200, &json!({ "available_phone_numbers": items, "uri": context.request.path })))
}

/// In the 555-01xx range, which nobody has.
fn fictitious(prefix: &str, area: &str, n: u32) -> String {
    format!("{prefix}{area}55501{n:02}")
}

pub fn first_free(state: &State, area: &str) -> Option<String> {
    let usable = area.len() == 3 && area.bytes().all(|b| b.is_ascii_digit());
    let mut numbers = (0..SHELF).map(|n| fictitious("+1", area, n));
    if usable { numbers.find(|number| state.number(number).is_none()) } else { None }
}
