//! Why a signature did not fit, in words for the person who has to repair it. Tries what usually goes wrong between Twilio
//! and an edge. Runs only after a refusal; it never accepts anything.

use super::{BodyFault, Content, Fault, Key, Signed, candidates, verify};
use crate::{form::Form, mask};

/// One line: what is wrong and, if it can be known, what would have been right.
pub fn reason(request: Signed<'_>, keys: &[Key], fault: &Fault) -> String {
    match fault {
        Fault::Mismatch => mismatch(request, keys),
        other => shape(other).to_owned(),
    }
}

/// What is wrong before any key is tried.
pub fn shape(fault: &Fault) -> &'static str {
    match fault {
        Fault::NoSignature => "the X-Twilio-Signature header is missing or empty",
        Fault::MalformedSignature => "the X-Twilio-Signature header is not base64 of the right length",
        Fault::Body(BodyFault::NoHash) => "the body is no form and the URL has no bodySHA256",
        Fault::Body(BodyFault::OtherHash) => "the body changed: its SHA-256 is not the bodySHA256 in the URL",
        Fault::Mismatch => "wrong auth token, URL mismatch or changed body",
    }
}

fn mismatch(request: Signed<'_>, keys: &[Key]) -> String {
    let show = |url: &str| mask::url(url, matches!(request.content, Content::Query));
    if let Some((what, url)) = url_signed_instead(request, keys) {
        return format!("URL mismatch: {what}; signed was {}, the edge has {}", show(&url), show(request.url));
    }
    if let Some(what) = form_signed_instead(request, keys) {
        return format!("body changed on its way: {what}");
    }
    let tried: Vec<String> = candidates::candidates(request.url).iter().map(|url| show(url)).collect();
    format!("wrong auth token, URL mismatch or changed body; URLs tried: {}", tried.join(" "))
}

/// The URL that was signed, if it differs in one of the usual ways.
fn url_signed_instead(request: Signed<'_>, keys: &[Key]) -> Option<(&'static str, String)> {
    let url = candidates::without_fragment(request.url);
    let variants = [
        ("the scheme differs", other_scheme(url)),
        ("a slash at the end differs", other_slash(url)),
        ("the query was added or lost", url.split_once('?').map(|(address, _)| address.to_owned())),
        ("the query is in another order", sorted_query(url)),
        ("the URL was decoded on its way", encoded(url)),
        ("the URL was encoded on its way", decoded(url)),
    ];
    variants.into_iter().find_map(|(what, variant)| {
        let variant = variant.filter(|variant| variant != url)?;
        verify(Signed { url: &variant, ..request }, keys).is_ok().then_some((what, variant))
    })
}

/// What happened to the form, if it is one of the usual things.
fn form_signed_instead(request: Signed<'_>, keys: &[Key]) -> Option<&'static str> {
    let Content::Form(form) = request.content else { return None };
    let variants = [
        ("it was signed without its empty fields", form.map(|_, value| (!value.is_empty()).then(|| value.to_vec()))),
        ("it was signed with values trimmed", form.map(|_, value| Some(value.trim_ascii().to_vec()))),
        ("none of its fields was signed", Form::default()),
    ];
    variants.into_iter().find_map(|(what, variant)| {
        verify(Signed { content: Content::Form(&variant), ..request }, keys).is_ok().then_some(what)
    })
}

fn other_scheme(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let other = match scheme {
        "https" => "http",
        "http" => "https",
        "wss" => "https",
        _ => return None,
    };
    Some(format!("{other}://{rest}"))
}

fn other_slash(url: &str) -> Option<String> {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let address = address.strip_suffix('/').map_or_else(|| format!("{address}/"), str::to_owned);
    Some(query.map_or(address.clone(), |query| format!("{address}?{query}")))
}

fn sorted_query(url: &str) -> Option<String> {
    let (address, query) = url.split_once('?')?;
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    Some(format!("{address}?{}", pairs.join("&")))
}

fn decoded(url: &str) -> Option<String> {
    percent_encoding::percent_decode_str(url).decode_utf8().ok().map(String::from)
}

fn encoded(url: &str) -> Option<String> {
    url.contains([' ', '{', '}', '"'])
        .then(|| url.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D").replace('"', "%22"))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::reason;
    use crate::{
        form::Form,
        verify::{ChainingKey, Content, Key, Signed, verify},
    };

    fn sign(text: &str) -> String {
        STANDARD.encode(ChainingKey::from_token(b"12345").mac(text.as_bytes()))
    }

    fn explain(url: &str, body: &str, signed_text: &str) -> String {
        let form = Form::parse(body.as_bytes(), 200).expect("few fields");
        let signature = sign(signed_text);
        let request = Signed { url, content: Content::Form(&form), signature: Some(&signature) };
        let keys = [Key::token(b"12345")];
        let fault = verify(request, &keys).expect_err("the case is a wrong one");
        reason(request, &keys, &fault)
    }

    #[test]
    fn another_scheme_is_named_with_both_urls() {
        let text = explain("http://h/p", "A=1", "https://h/pA1");
        assert_eq!(text, "URL mismatch: the scheme differs; signed was https://h/p, the edge has http://h/p");
    }

    #[test]
    fn a_slash_and_a_reordered_or_decoded_query_are_recognised() {
        assert!(explain("https://h/p/", "A=1", "https://h/pA1").contains("a slash at the end"));
        assert!(explain("https://h/p?b=2&a=1", "A=1", "https://h/p?a=1&b=2A1").contains("another order"));
        assert!(explain("https://h/p?n=a b", "A=1", "https://h/p?n=a%20bA1").contains("decoded on its way"));
    }

    #[test]
    fn dropped_blanks_and_trimmed_values_are_a_changed_body() {
        assert!(explain("https://h/p", "A=1&B=", "https://h/pA1").contains("without its empty fields"));
        assert!(explain("https://h/p", "A=+1", "https://h/pA1").contains("trimmed"));
    }

    #[test]
    fn anything_else_lists_the_urls_that_were_tried() {
        let text = explain("https://h/p", "From=%2B18185550100", "something else");
        assert!(text.contains("wrong auth token"), "{text}");
        assert!(text.ends_with("URLs tried: https://h/p https://h:443/p"), "{text}");
    }
}
