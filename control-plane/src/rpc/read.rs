//! Reading a request field by field, so that blame arrives with the field's path. What a type may hold is the type's
//! own business; what the descriptors say was checked before.

use std::str::FromStr;

use callplane_proto::v1 as pb;
use prost_types::FieldMask;
use tonic::{Response, Status};

use super::{gate::Caller, mask::AuditedRequest};
use crate::{
    domain::{
        error::{Error, Result},
        money::Money,
        seconds::Seconds,
        time::{Timestamp, stored},
    },
    flow::Audited,
};

/// What a handler answers.
pub type Reply<T> = std::result::Result<Response<T>, Status>;

/// A message that must be there.
pub fn required<T>(field: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::invalid(field, "is required"))
}

/// A text that must read as a `T`: an id, a SID, a number.
pub fn parse<T: FromStr<Err = Error>>(field: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error: Error| error.within(field))
}

/// The same, where empty means none.
pub fn parse_or_none<T: FromStr<Err = Error>>(field: &str, text: &str) -> Result<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(field, text).map(Some)
}

/// Reads each item; every bad one is named, such as `rules[0].weight`.
pub fn each<T, U>(field: &str, items: Vec<T>, mut read: impl FnMut(T) -> Result<U>) -> Result<Vec<U>> {
    let mut values = Vec::with_capacity(items.len());
    let mut violations = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match read(item) {
            Ok(value) => values.push(value),
            Err(error) if error.violations.is_empty() => return Err(error),
            Err(error) => violations.extend(error.within(&format!("{field}[{index}]")).violations),
        }
    }
    if violations.is_empty() { Ok(values) } else { Err(Error::violations(violations)) }
}

/// A member of an enum of the API. A number that this server does not know is refused.
pub fn member<E: TryFrom<i32>>(field: &str, number: i32) -> Result<E> {
    E::try_from(number).map_err(|_| Error::invalid(field, format!("{number} is not a value of this enum")))
}

/// A point in time.
pub fn moment(field: &str, time: prost_types::Timestamp) -> Result<Timestamp> {
    let nanos = u32::try_from(time.nanos).ok();
    let moment = nanos.and_then(|nanos| Timestamp::from_timestamp(time.seconds, nanos));
    moment.map(stored).ok_or_else(|| Error::invalid(field, "is not a point in time that can be kept"))
}

/// A length of time, in whole seconds.
pub fn seconds(field: &str, length: prost_types::Duration) -> Result<Seconds> {
    let length = std::time::Duration::try_from(length);
    length.map(Seconds::from).map_err(|_| Error::invalid(field, "expected a length of time, 0 or more"))
}

/// An amount of money.
pub fn money(field: &str, money: pb::Money) -> Result<Money> {
    let pb::Money { currency_code, units, nanos } = money;
    let currency = parse(&format!("{field}.currency_code"), &currency_code)?;
    if units.signum() * i64::from(nanos.signum()) < 0 {
        return Err(Error::invalid(format!("{field}.nanos"), "expected the sign of `units`"));
    }
    let amount = Money::of_parts(currency, units, i64::from(nanos / 1000));
    amount.ok_or_else(|| Error::invalid(format!("{field}.units"), "is more money than can be counted"))
}

/// The fields to change, as they are named.
pub fn paths(mask: Option<FieldMask>) -> Result<Vec<String>> {
    let FieldMask { paths } = required("update_mask", mask)?;
    if paths.is_empty() {
        return Err(Error::invalid("update_mask", "name at least one field to change"));
    }
    Ok(paths)
}

/// A path that no field to change has.
pub fn no_such_path(path: &str) -> Error {
    Error::invalid("update_mask", format!("`{path}` is not a field that can be changed; name whole fields only"))
}

/// Who asked and what, for the audit.
pub fn audited<T>(request: &tonic::Request<T>, caller: &Caller) -> Result<Audited> {
    // Answering a change that the audit cannot tell of would be worse than not answering.
    let kept = AuditedRequest::of(request).ok_or_else(|| Error::internal("the request did not pass validation"))?;
    Ok(Audited { actor: caller.token_id.to_string(), method: kept.method.to_string(), request: kept.request.clone() })
}

/// The share of one item in a batch: every resource's own line tells what was asked for it.
pub fn part(audited: &Audited, field: &str, index: usize) -> Audited {
    Audited { request: audited.request[field][index].clone(), ..audited.clone() }
}

/// What a batch asks for each of its items alike.
pub fn share(audited: &Audited, field: &str) -> Audited {
    let request = serde_json::json!({ field: audited.request[field] });
    Audited { request, ..audited.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::AccountId;

    #[test]
    fn every_bad_item_is_named_by_its_place() {
        let texts = vec!["x".to_owned(), "acc_01h455vb4pex5vsknk084sn02q".to_owned(), String::new()];
        let error = each("accounts", texts, |text| parse::<AccountId>("id", &text)).expect_err("two are bad");
        let fields: Vec<_> = error.violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["accounts[0].id", "accounts[2].id"]);
    }

    #[test]
    fn an_empty_text_is_none_and_a_wrong_one_is_an_error() {
        assert_eq!(parse_or_none::<AccountId>("id", "").expect("none"), None);
        assert_eq!(parse_or_none::<AccountId>("id", "x").expect_err("wrong").violations[0].field, "id");
    }

    #[test]
    fn times_out_of_range_are_refused_by_their_field() {
        let late = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert_eq!(moment("from_time", late).expect_err("too late").violations[0].field, "from_time");
        let negative = prost_types::Duration { seconds: -1, nanos: 0 };
        assert_eq!(seconds("ttl", negative).expect_err("negative").violations[0].field, "ttl");
        assert_eq!(seconds("ttl", prost_types::Duration { seconds: 2, nanos: 1 }).expect("rounds up"), Seconds(3));
    }
}
