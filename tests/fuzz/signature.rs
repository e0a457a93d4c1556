//! The signature check: what Twilio signed verifies, and nothing that differs from it in a bit. The expected signature is made
//! here, from the documented rule and a plain HMAC.

use base64::{Engine, prelude::BASE64_STANDARD};
use callplane_control_plane::secret::hmac_states;
use callplane_edge::{
    form::Form,
    verify::{ChainingKey, Content, Fault, Key, Signed, may_be_signature, verify},
};
use form_urlencoded::byte_serialize;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{
    corpus::{requests, words},
    engine::{Target, Verdict},
    tape::Tape,
};

const FIELDS: usize = 200;

/// Lines: the token, the URL, the header, where to change what; the rest is the body.
pub fn target() -> Target {
    let line = |token: &str, url: &str, header: &str, at: &str, body: &str| {
        format!("{token}\n{url}\n{header}\n{at}\n{body}").into_bytes()
    };
    let mut seeds: Vec<_> =
        requests().iter().map(|one| line(&one.token, &one.url, &one.signature, "change", &one.body)).collect();
    for url in [
        "wss://h/s",
        "wss://u:p@h:1/s/?q",
        "https://[::1]:8443//a?b=%2F#rc=2",
        "http://h:80?",
        "nonsense",
        "https://@:/",
    ] {
        seeds.push(line(&"k".repeat(64), url, "====", "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}", "A=b&A=b&AB=&=Ab"));
    }
    Target {
        name: "signature",
        inputs: 1000,
        seeds,
        dictionary: words(&[
            "\n",
            "#",
            "?",
            "/",
            "@",
            ":443",
            ":80",
            ":",
            "://",
            "wss://",
            "&A=b",
            "=",
            "%",
            "é",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ]),
        check: Box::new(check),
        reaches: &["the header is right", "the header is wrong", "the header is malformed"],
    }
}

struct Case {
    token: Vec<u8>,
    url: String,
    header: String,
    form: Form,
}

fn check(input: &[u8]) -> Verdict {
    let mut lines = input.splitn(5, |byte| *byte == b'\n').map(<[u8]>::to_vec);
    let mut line = || lines.next().unwrap_or_default();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (token, url, header, at, body) = (line(), text(line()), text(line()), line(), line());
    let Ok(form) = Form::parse(&body, FIELDS) else { return "too many fields" };
    let case = Case { token, url, header, form };
    check_states(&case);
    check_right(&case);
    check_changed(&case, &mut Tape::new(&at));
    check_opaque(&case, &body);
    check_header(&case)
}

impl Case {
    fn mac(&self, text: &[u8]) -> [u8; 20] {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.token).expect("HMAC takes keys of any length");
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    fn signature(&self) -> String {
        BASE64_STANDARD.encode(self.mac(&signed_text(without_fragment(&self.url), &self.form)))
    }

    fn asks(&self, url: &str, form: &Form, signature: &str) -> Result<usize, Fault> {
        let keys = [Key::token(b"another token"), Key::token(&self.token)];
        verify(Signed { url, content: Content::Form(form), signature: Some(signature) }, &keys)
    }
}

/// Twilio's rule: the URL, then each different pair of name and value, sorted, without separators.
fn signed_text(url: &str, form: &Form) -> Vec<u8> {
    let mut pairs: Vec<_> = form.fields().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let pairs = pairs.iter().flat_map(|(name, value)| [*name, *value]);
    [url.as_bytes()].into_iter().chain(pairs).collect::<Vec<_>>().concat()
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// An edge that holds chaining states computes what the holder of the token does.
fn check_states(case: &Case) {
    let text = signed_text(&case.url, &case.form);
    assert_eq!(ChainingKey::from_token(&case.token).mac(&text), case.mac(&text), "from the token");
    let Ok(token) = String::from_utf8(case.token.clone()) else { return };
    let states = hmac_states(&SecretString::from(token));
    let key = ChainingKey::from_bytes(&states.inner, &states.outer).expect("two states of 20 bytes");
    assert_eq!(key.mac(&text), case.mac(&text), "from the control plane's states");
}

fn check_right(case: &Case) {
    let signature = case.signature();
    assert!(may_be_signature(signature.as_bytes()), "a right signature passes the door: {signature}");
    if case.token != b"another token" {
        assert_eq!(case.asks(&case.url, &case.form, &signature), Ok(1), "a right signature verifies");
    }
    let bare = stripped(&case.url);
    let text = signed_text(&bare, &case.form);
    assert!(
        case.asks(&case.url, &case.form, &BASE64_STANDARD.encode(case.mac(&text))).is_ok(),
        "signed without port: {bare}"
    );
}

/// One bit of the URL, of a name, of a value or of the signature.
fn check_changed(case: &Case, tape: &mut Tape<'_>) {
    let signature = case.signature();
    if let Some(url) = flipped(case.url.as_bytes(), tape).and_then(|url| String::from_utf8(url).ok()) {
        let accepted = case.asks(&url, &case.form, &signature).is_ok();
        assert!(!accepted || core(&url) == core(&case.url), "{url} is taken for {}", case.url);
    }
    if let Some(form) = other_form(&case.form, tape) {
        let url = without_fragment(&case.url);
        assert_eq!(case.asks(url, &form, &signature), Err(Fault::Mismatch), "another form: {form:?}");
    }
    let bytes = BASE64_STANDARD.decode(&signature).expect("our own");
    let forged = flipped(&bytes, tape).expect("20 bytes");
    let forged = BASE64_STANDARD.encode(forged);
    assert_eq!(case.asks(&case.url, &case.form, &forged), Err(Fault::Mismatch), "another signature");
}

/// With one bit changed; `None` if there is no byte.
fn flipped(bytes: &[u8], tape: &mut Tape<'_>) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let at = (usize::from(tape.byte()) << 8 | usize::from(tape.byte())) % bytes.len().max(1);
    *bytes.get_mut(at)? ^= 1 << tape.below(8);
    Some(bytes)
}

/// The form with one bit of one name or value changed: no other field can make up for it, because the signed text then has
/// another length or other letters.
fn other_form(form: &Form, tape: &mut Tape<'_>) -> Option<Form> {
    let mut fields: Vec<_> = form.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    let at = usize::from(tape.byte()) % fields.len().max(1);
    let (name, value) = fields.get_mut(at)?;
    let part = if tape.flag() { name } else { value };
    *part = flipped(part, tape)?;
    let text = |bytes| byte_serialize(bytes).collect::<String>();
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    Form::parse(pairs.join("&").as_bytes(), FIELDS).ok()
}

/// Without fragment, userinfo and port: two URLs that differ in more are never taken for each other.
fn stripped(url: &str) -> String {
    let url = without_fragment(url);
    let Some((scheme, after)) = url.split_once("://") else { return url.to_owned() };
    let (authority, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let digits = host.len() - host.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let named = host[..host.len() - digits].strip_suffix(':').filter(|_| digits > 0);
    format!("{scheme}://{}{rest}", named.unwrap_or(host))
}

/// The same, over and over, because a strange host may end in two ports; and without the slash a WebSocket may get.
fn core(url: &str) -> String {
    let (mut url, mut last) = (stripped(url), String::new());
    while url != last {
        last = url;
        url = stripped(&last);
    }
    let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
    let slashed = matches!(scheme.as_str(), "ws" | "wss").then(|| url.strip_suffix('/')).flatten();
    slashed.map(str::to_owned).unwrap_or(url)
}

/// A body that is no form is held by its hash in the URL.
fn check_opaque(case: &Case, body: &[u8]) {
    let plain = without_fragment(&case.url);
    // The first hash counts, so there must be no other.
    if plain.contains("bodySHA256") {
        return;
    }
    let hash = hex::encode(Sha256::digest(body));
    let separator = if plain.contains('?') { '&' } else { '?' };
    let url = format!("{plain}{separator}bodySHA256={hash}");
    let signature = BASE64_STANDARD.encode(case.mac(url.as_bytes()));
    let asks = |body| {
        verify(
            Signed { url: &url, content: Content::Opaque(body), signature: Some(&signature) },
            &[Key::token(&case.token)],
        )
    };
    assert_eq!(asks(body), Ok(0), "the body of the hash");
    let longer = [body, b"x"].concat();
    assert!(matches!(asks(&longer), Err(Fault::Body(_))), "another body");
}

/// Whatever stands in the header: it verifies if it is the right one, to the letter.
fn check_header(case: &Case) -> Verdict {
    may_be_signature(case.header.as_bytes());
    let keys = [Key::token(&case.token)];
    let asked =
        Signed { url: without_fragment(&case.url), content: Content::Form(&case.form), signature: Some(&case.header) };
    match verify(asked, &keys) {
        Ok(_) => {
            assert!(may_be_signature(case.header.as_bytes()), "the door lets through what verifies");
            let bytes = BASE64_STANDARD.decode(&case.header).expect("what verifies is base64");
            assert_eq!(BASE64_STANDARD.encode(bytes), case.header, "one way to write a signature");
            "the header is right"
        }
        Err(Fault::Mismatch) => {
            assert_ne!(case.header, case.signature(), "the right signature was refused");
            "the header is wrong"
        }
        Err(_) => "the header is malformed",
    }
}
