//! Where a vendor's API is: which addresses we accept, and how Twilio's regions and edges make a host name.

use http::Uri;

use super::error::Error;

const DEFAULT: &str = "https://api.twilio.com";

/// Whether a vendor may be reached without TLS. This machine always may: nothing leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// Credentials travel over TLS.
    ThisMachineOnly,
    /// The `dev` profile: simulators in other containers too.
    Anywhere,
}

/// The start of every URL of one vendor account: scheme, host, port and perhaps a path, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiBase(String);

impl ApiBase {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: what credentials may be sent to.
    pub fn origin(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[authority..].find('/').map_or(self.0.len(), |at| authority + at);
        &self.0[..end]
    }

    /// Reads an address; `field` is what to blame.
    pub fn read(field: &str, text: &str, plain_http: PlainHttp) -> Result<Self, Error> {
        let wrong = |why: &str| Error::invalid(field, why);
        let uri: Uri = text.parse().map_err(|_| wrong("expected a URL such as `https://api.example.com`"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("expected a URL with a host"))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(wrong("a URL must not carry a user or a password"));
        }
        if text.contains(['?', '#']) {
            return Err(wrong("the URL must end before any `?` or `#`"));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if plain_http == PlainHttp::Anywhere || is_this_machine(host) => {}
            Some("http") => return Err(wrong("expected https: credentials are sent to this address")),
            _ => return Err(wrong("expected a URL that begins with `https://`")),
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// Twilio's address for an account. Region and edge belong together: `api.{edge}.{region}.twilio.com`.
    pub fn twilio(
        region: Option<&str>,
        edge_location: Option<&str>,
        api_base_url: Option<&str>,
        plain_http: PlainHttp,
    ) -> Result<Self, Error> {
        if let Some(text) = api_base_url {
            let base = Self::read("api_base_url", text, plain_http)?;
            return refuse_bare_region(base);
        }
        let region = region.filter(|region| !region.is_empty());
        let edge_location = edge_location.filter(|edge| !edge.is_empty());
        label("region", region)?;
        label("edge_location", edge_location)?;
        let host = match (edge_location, region) {
            (None, None | Some("us1")) => return Ok(Self(DEFAULT.to_owned())),
            (Some(edge), region) => format!("api.{edge}.{}", region.unwrap_or("us1")),
            (None, Some(region)) => format!("api.{}.{region}", edge_of(region)?),
        };
        Ok(Self(format!("https://{host}.twilio.com")))
    }
}

/// Bare regional hosts always were processed in the United States, and stopped working on 2026-04-28.
fn refuse_bare_region(base: ApiBase) -> Result<ApiBase, Error> {
    let host = base.origin().split("://").nth(1).and_then(|authority| authority.split(':').next());
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let bare = host.strip_prefix("api.").and_then(|rest| rest.strip_suffix(".twilio.com"));
    match bare {
        Some(region) if region != "us1" && !region.contains('.') => {
            let edge = edge_of(region).unwrap_or("{edge}");
            Err(Error::invalid(
                "api_base_url",
                format!("`{host}` no longer works: name the edge too, as in `https://api.{edge}.{region}.twilio.com`"),
            ))
        }
        _ => Ok(base),
    }
}

/// The edge location that stands in the region.
fn edge_of(region: &str) -> Result<&'static str, Error> {
    match region {
        "us1" => Ok("ashburn"),
        "ie1" => Ok("dublin"),
        "au1" => Ok("sydney"),
        _ => Err(Error::invalid("edge_location", "this region needs an edge location beside it, such as `dublin`")),
    }
}

fn label(field: &str, text: Option<&str>) -> Result<(), Error> {
    let fits = |text: &str| {
        text.len() <= 32 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match text {
        Some(text) if !fits(text) => Err(Error::invalid(field, "expected lower-case letters, digits and dashes")),
        _ => Ok(()),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twilio(region: Option<&str>, edge: Option<&str>, url: Option<&str>) -> Result<String, String> {
        ApiBase::twilio(region, edge, url, PlainHttp::ThisMachineOnly)
            .map(|base| base.as_str().to_owned())
            .map_err(|error| error.message)
    }

    #[test]
    fn region_and_edge_make_a_host_together() {
        for (region, edge, expected) in [
            (None, None, "https://api.twilio.com"),
            (Some("us1"), None, "https://api.twilio.com"),
            (Some(""), Some(""), "https://api.twilio.com"),
            (Some("ie1"), Some("dublin"), "https://api.dublin.ie1.twilio.com"),
            (Some("ie1"), None, "https://api.dublin.ie1.twilio.com"),
            (Some("au1"), None, "https://api.sydney.au1.twilio.com"),
            (None, Some("tokyo"), "https://api.tokyo.us1.twilio.com"),
            (Some("us1"), Some("ashburn"), "https://api.ashburn.us1.twilio.com"),
        ] {
            assert_eq!(twilio(region, edge, None).as_deref(), Ok(expected), "{region:?} {edge:?}");
        }
    }

    #[test]
    fn a_region_without_a_known_edge_is_refused_with_the_fix() {
        assert!(twilio(Some("jp1"), None, None).expect_err("no edge").contains("edge_location"));
        for bad in ["ie1.evil.com/", "IE1", "a b", "../x", "é"] {
            assert!(twilio(Some(bad), Some("dublin"), None).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bare_regional_host_is_refused_with_the_host_that_works() {
        let error = twilio(None, None, Some("https://api.ie1.twilio.com")).expect_err("dead host");
        assert!(error.contains("https://api.dublin.ie1.twilio.com"), "{error}");
        for dead in ["https://API.de1.twilio.com", "https://api.us2.twilio.com:443", "https://api.br1.twilio.com/"] {
            assert!(twilio(None, None, Some(dead)).is_err(), "{dead}");
        }
        for alive in ["https://api.us1.twilio.com", "https://api.twilio.com", "https://api.sydney.au1.twilio.com"] {
            assert_eq!(twilio(Some("ie1"), None, Some(alive)).as_deref(), Ok(alive));
        }
    }

    #[test]
    fn credentials_go_over_tls_or_stay_on_this_machine() {
        for fine in ["http://127.0.0.1:7440", "http://[::1]:7440", "http://localhost:7440/twilio"] {
            assert_eq!(twilio(None, None, Some(fine)).as_deref(), Ok(fine));
        }
        for bad in [
            "http://simulator:7440",
            "ftp://x.example",
            "https://",
            "/path",
            "https://u:p@x.example",
            "https://x?y",
            "",
        ] {
            assert!(twilio(None, None, Some(bad)).is_err(), "{bad}");
        }
        assert!(ApiBase::read("x", "http://simulator:7440/", PlainHttp::Anywhere).is_ok());
    }

    #[test]
    fn the_origin_is_what_comes_before_the_path() {
        let base = ApiBase::read("x", "https://proxy.example:8443/twilio/", PlainHttp::ThisMachineOnly).expect("valid");
        assert_eq!((base.as_str(), base.origin()), ("https://proxy.example:8443/twilio", "https://proxy.example:8443"));
    }
}
