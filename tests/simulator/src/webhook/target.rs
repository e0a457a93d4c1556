//! A webhook URL as configured, taken apart: connection overrides, what is requested, what is signed.
//! Everything is cut from the text, byte for byte; a URL library would rewrite it.

use std::time::Duration;

/// Connection overrides, from the fragment `#rc=2&rp=5xx,ct&rt=4000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    pub retries: u32,
    pub retry_on: Vec<String>,
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
    pub total_time: Duration,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            retries: 1,
            retry_on: vec!["ct".to_owned()],
            connect_timeout: Duration::from_millis(5000),
            read_timeout: Duration::from_millis(15_000),
            total_time: Duration::from_millis(15_000),
        }
    }
}

impl Overrides {
    /// Values outside Twilio's ranges, and unknown keys, are ignored.
    fn read(fragment: &str) -> Self {
        let mut overrides = Self::default();
        for (key, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            let millis = |low: u64, high: u64| {
                let value = value.parse().ok().filter(|ms| (low..=high).contains(ms));
                value.map(Duration::from_millis)
            };
            match key {
                "rc" => overrides.retries = value.parse().ok().filter(|n| *n <= 5).unwrap_or(overrides.retries),
                "rp" => overrides.retry_on = value.split(',').map(str::to_owned).collect(),
                "ct" => overrides.connect_timeout = millis(100, 10_000).unwrap_or(overrides.connect_timeout),
                "rt" => overrides.read_timeout = millis(100, 15_000).unwrap_or(overrides.read_timeout),
                "tt" => overrides.total_time = millis(100, 15_000).unwrap_or(overrides.total_time),
                _ => {}
            }
        }
        overrides
    }

    pub fn retries_on(&self, what: &str) -> bool {
        self.retry_on.iter().any(|policy| policy == what || policy == "all")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Without fragment.
    pub requested: String,
    /// What the signature covers: userinfo dropped, and the port too for voice over https.
    pub signed: String,
    pub overrides: Overrides,
}

impl Target {
    pub fn of(configured: &str, voice: bool) -> Self {
        let (url, fragment) = configured.split_once('#').unwrap_or((configured, ""));
        Self { requested: url.to_owned(), signed: signed(url, voice), overrides: Overrides::read(fragment) }
    }
}

fn signed(url: &str, voice: bool) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if voice && scheme == "https" && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    format!("{scheme}://{host}{path}")
}

/// What is wrong with a URL that Twilio is asked to call, if anything is.
pub fn refusal(url: &str) -> Option<&'static str> {
    let parsed = reqwest::Url::parse(url).ok();
    let host = parsed.as_ref().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(|url| url.host_str());
    match host {
        None => Some("is not an absolute http or https URL"),
        Some(host) if host.contains('_') => Some("has an underscore in its host name"),
        Some(_) => None,
    }
}

/// The URL of a TwiML attribute, relative to the document it was found in.
pub fn resolve(base: Option<&str>, reference: &str) -> Option<String> {
    if reference.contains("://") {
        return Some(reference.to_owned());
    }
    let base = reqwest::Url::parse(base?).ok()?;
    base.join(reference).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fragment_is_honoured_and_neither_sent_nor_signed() {
        let target = Target::of("https://edge.example.net/twilio/status#rc=3&rp=5xx,ct&rt=4000&tt=99", true);
        assert_eq!(target.requested, "https://edge.example.net/twilio/status");
        assert_eq!(target.signed, target.requested);
        assert_eq!(target.overrides.retries, 3);
        assert!(target.overrides.retries_on("5xx") && !target.overrides.retries_on("rt"));
        assert_eq!(target.overrides.read_timeout, Duration::from_millis(4000));
        assert_eq!(target.overrides.total_time, Duration::from_millis(15_000), "99 ms is out of range");
    }

    #[test]
    fn voice_over_https_is_signed_without_port_and_everything_without_userinfo() {
        let signed = |url, voice| Target::of(url, voice).signed;
        assert_eq!(signed("https://u:p@h.example:8443/a?b=1", true), "https://h.example/a?b=1");
        assert_eq!(signed("https://h.example:8443/a", false), "https://h.example:8443/a");
        assert_eq!(signed("http://127.0.0.1:7430/twilio/voice", true), "http://127.0.0.1:7430/twilio/voice");
    }

    proptest::proptest! {
        #[test]
        fn no_configured_url_makes_the_sender_panic(url in "[a-z:/?#@.%=&0-9é]{0,60}") {
            let target = Target::of(&url, true);
            proptest::prop_assert!(!target.signed.contains('#'));
            resolve(Some(&url), &url);
            refusal(&url);
        }
    }

    #[test]
    fn a_relative_url_is_resolved_against_the_document_and_an_absolute_one_is_left_alone() {
        let base = Some("https://h.example/twilio/voice?x=1");
        assert_eq!(resolve(base, "/twilio/gather/a").as_deref(), Some("https://h.example/twilio/gather/a"));
        assert_eq!(resolve(base, "next").as_deref(), Some("https://h.example/twilio/next"));
        assert_eq!(resolve(base, "HTTPS://Other.Example/a%2fb").as_deref(), Some("HTTPS://Other.Example/a%2fb"));
        assert_eq!(resolve(None, "next"), None);
    }
}
