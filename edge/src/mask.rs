//! What may be shown of a URL or a text in a log or an error: numbers keep their last four digits, passwords go.

/// Digit runs this long are phone numbers as far as a log is concerned.
const SHORTEST_NUMBER: usize = 7;

/// `+18185550100` becomes `****0100`, wherever it stands in a text, plain or percent-encoded.
pub fn numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let length = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
        let (run, after) = digits.split_at(length);
        masked.push_str(before);
        if length < SHORTEST_NUMBER {
            masked.push_str(run);
        } else {
            drop_plus(&mut masked);
            masked.push_str("****");
            masked.push_str(&run[length - 4..]);
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// A URL for a log: no password, no numbers, and of a GET webhook's query only how much there was.
pub fn url(url: &str, query_is_content: bool) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let address = numbers(&without_userinfo(address));
    match query {
        None => address,
        Some(query) if query_is_content => format!("{address}?({} parameters)", query.split('&').count()),
        Some(query) => format!("{address}?{}", numbers(query)),
    }
}

fn drop_plus(text: &mut String) {
    let length = ["+", "%2B", "%2b"].iter().find(|plus| text.ends_with(*plus)).map_or(0, |plus| plus.len());
    text.truncate(text.len() - length);
}

fn without_userinfo(address: &str) -> String {
    let Some((scheme, after)) = address.split_once("://") else { return address.to_owned() };
    let end = after.find('/').unwrap_or(after.len());
    let (authority, path) = after.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{path}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{numbers, url};

    #[test]
    fn a_number_keeps_its_last_four_digits() {
        assert_eq!(numbers("from +18185550100 to whatsapp:+15005550006"), "from ****0100 to whatsapp:****0006");
        assert_eq!(numbers("From=%2B18185550100&x=1"), "From=****0100&x=1");
        assert_eq!(numbers("error 11200, 200 fields"), "error 11200, 200 fields");
        assert_eq!(numbers(""), "");
    }

    #[test]
    fn a_url_loses_its_password_and_a_get_webhook_its_parameters() {
        assert_eq!(url("https://u:secret@h/p?a=1", false), "https://…@h/p?a=1");
        assert_eq!(url("https://h/p?CallerName=Ann&From=%2B1", true), "https://h/p?(2 parameters)");
    }
}
