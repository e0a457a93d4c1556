//! Where a feed is. The address of a private calendar is its password: `Debug` and `Display` show the host only.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;

use url::{Host, Url};

use crate::domain::error::Error;

const LONGEST: usize = 2_000;

/// Which addresses a feed may be at. Whoever may add a feed could otherwise read what only this machine can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Encrypted, on the public network.
    Public,
    /// The `dev` profile: this machine and private networks too, and without TLS.
    Anywhere,
}

/// Where a feed is, as the client that fetches it understands it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FeedUrl(Url);

impl FeedUrl {
    /// Reads an address; `field` is what to blame. `webcal` is what calendars call https.
    pub fn read(field: &str, text: &str, reach: Reach) -> Result<Self, Error> {
        let wrong = |why: &str| Error::invalid(field, why);
        let mut url = Url::parse(&with_https(text.trim()))
            .ok()
            .filter(|_| text.len() <= LONGEST)
            .ok_or_else(|| wrong("expected a URL such as `https://calendar.example.com/feed.ics`"))?;
        match (url.scheme(), reach) {
            ("https", _) | ("http", Reach::Anywhere) => {}
            ("http", Reach::Public) => return Err(wrong("expected https: the address of a calendar is its password")),
            _ => return Err(wrong("expected a URL that begins with `https://` or `webcal://`")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("a URL must not carry a user or a password"));
        }
        if reach == Reach::Public && !url.host().is_some_and(|host| may_be_public(&host)) {
            return Err(wrong("expected a host on the public network"));
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The address, for fetching and for keeping it sealed; never for a log.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What may be shown.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The host that an answer's `Location` points to.
    pub fn host_of(&self, location: &str) -> Option<String> {
        self.0.join(location).ok()?.host_str().map(str::to_owned)
    }
}

impl fmt::Display for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/****", self.0.scheme(), self.host())
    }
}

impl fmt::Debug for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn with_https(text: &str) -> String {
    let rest = text
        .split_once("://")
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("webcal") || scheme.eq_ignore_ascii_case("webcals"));
    rest.map_or_else(|| text.to_owned(), |(_, rest)| format!("https://{rest}"))
}

/// A name may still lead to a private address: whoever connects asks again.
fn may_be_public(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => is_public(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_public(IpAddr::V6(*ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let private = ["localhost", "local", "internal", "intranet", "lan", "home.arpa"];
            name.contains('.') && !private.iter().any(|private| name.ends_with(&format!(".{private}")))
        }
    }
}

/// Whether an address is one of the public network: not this machine's, not a private, local, shared or reserved one, nor
/// one that only wraps such an address. Source: IANA's special-purpose address registries.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_reserved = matches!(a, 0 | 10 | 127 | 224..);
    let is_local = matches!((a, b), (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168) | (198, 18 | 19));
    let is_of_documents = matches!((a, b, c), (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113));
    !(is_reserved || is_local || is_of_documents)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, high, low] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0, 0) if [c, d, e, f] == [0, 0, 0, 0xffff] => is_public_v4(v4(high, low)),
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => is_public_v4(v4(high, low)),
        (0x2002, _) => is_public_v4(v4(b, c)),
        // Protocols (Teredo among them) and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FeedUrl, String> {
        FeedUrl::read("url", text, Reach::Public).map_err(|error| error.message)
    }

    #[test]
    fn an_address_shows_its_host_and_keeps_the_rest_to_itself() {
        let url = read("webcal://calendar.example.com/private-s3cret/basic.ics?key=s3cret#s3cret").expect("an address");
        assert_eq!(url.as_str(), "https://calendar.example.com/private-s3cret/basic.ics?key=s3cret");
        assert_eq!((url.host(), url.origin().as_str()), ("calendar.example.com", "https://calendar.example.com"));
        assert_eq!(format!("{url} {url:?}"), "https://calendar.example.com/**** https://calendar.example.com/****");
        assert_eq!(url.host_of("/s3cret").as_deref(), Some("calendar.example.com"));
        assert_eq!(url.host_of("https://b.example/s3cret").as_deref(), Some("b.example"));
    }

    #[test]
    fn a_refusal_says_why_without_the_address() {
        for bad in [
            "",
            "calendar",
            "http://calendar.example.com/s3cret",
            "ftp://calendar.example.com/s3cret",
            "file:///etc/s3cret",
            "https://user:s3cret@calendar.example.com/",
            "https://localhost/s3cret",
            "https://LOCALHOST./s3cret",
            "https://metadata.google.internal/s3cret",
            "https://127.0.0.1/s3cret",
            "https://2130706433/s3cret",
            "https://0x7f.1/s3cret",
            "https://169.254.169.254/s3cret",
            "https://[::1]/s3cret",
            "https://[::ffff:10.0.0.1]/s3cret",
            "https://[fd00:ec2::254]/s3cret",
        ] {
            let error = read(bad).expect_err(bad);
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(read(&format!("https://a.example/{}", "x".repeat(LONGEST))).is_err());
    }

    #[test]
    fn development_reaches_this_machine() {
        for fine in ["http://127.0.0.1:7440/feed.ics", "https://localhost/x", "http://simulator:7440/x", "webcal://a/x"]
        {
            assert!(FeedUrl::read("url", fine, Reach::Anywhere).is_ok(), "{fine}");
        }
        assert!(FeedUrl::read("url", "ftp://a/x", Reach::Anywhere).is_err());
    }

    #[test]
    fn only_the_public_network_is_public() {
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.0.1",
            "192.0.2.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
    }
}
