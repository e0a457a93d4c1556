//! The URLs Twilio may have signed for one address: with and without port, userinfo and, for WebSockets, a final slash.
//! Works on the text as received: nothing is decoded, lower-cased or put in another order.

/// An address cut where the variants differ; everything else stays byte for byte.
struct Parts<'a> {
    scheme: &'a str,
    userinfo: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    /// Path and query, with whatever oddities they came with.
    rest: &'a str,
}

/// Every URL worth trying, the likeliest first, none twice.
pub fn candidates(url: &str) -> Vec<String> {
    let url = without_fragment(url);
    let Some(parts) = split(url) else { return vec![url.to_owned()] };
    let mut found = Vec::with_capacity(4);
    for userinfo in userinfo_variants(&parts) {
        for port in port_variants(&parts) {
            keep(&mut found, parts.join(userinfo, port));
        }
    }
    // Documented for WebSocket handshakes only: a form or a plain GET never gets a slash.
    if parts.is("wss") || parts.is("ws") {
        for index in 0..found.len() {
            let slashed = format!("{}/", found[index]);
            keep(&mut found, slashed);
        }
    }
    found
}

/// Connection overrides ride in the fragment, which Twilio neither sends nor signs.
pub fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

fn keep(found: &mut Vec<String>, url: String) {
    if !found.contains(&url) {
        found.push(url);
    }
}

fn userinfo_variants<'a>(parts: &Parts<'a>) -> Vec<Option<&'a str>> {
    match parts.userinfo {
        Some(userinfo) => vec![Some(userinfo), None],
        None => vec![None],
    }
}

fn port_variants<'a>(parts: &Parts<'a>) -> Vec<Option<&'a str>> {
    match parts.port {
        Some(port) => vec![Some(port), None],
        None if parts.is("https") => vec![None, Some("443")],
        None if parts.is("http") => vec![None, Some("80")],
        None => vec![None],
    }
}

impl Parts<'_> {
    fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    fn join(&self, userinfo: Option<&str>, port: Option<&str>) -> String {
        let mut url = format!("{}://", self.scheme);
        if let Some(userinfo) = userinfo {
            url.push_str(userinfo);
            url.push('@');
        }
        url.push_str(self.host);
        if let Some(port) = port {
            url.push(':');
            url.push_str(port);
        }
        url.push_str(self.rest);
        url
    }
}

fn split(url: &str) -> Option<Parts<'_>> {
    let (scheme, after) = url.split_once("://")?;
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (userinfo, hostport) = match authority.rsplit_once('@') {
        Some((userinfo, hostport)) => (Some(userinfo), hostport),
        None => (None, authority),
    };
    let (host, port) = split_port(hostport);
    Some(Parts { scheme, userinfo, host, port, rest })
}

/// An IPv6 host has colons of its own, inside brackets.
fn split_port(hostport: &str) -> (&str, Option<&str>) {
    match hostport.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (hostport, None),
    }
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn a_url_without_a_port_is_also_tried_with_the_usual_one() {
        assert_eq!(candidates("https://h/p?q"), ["https://h/p?q", "https://h:443/p?q"]);
        assert_eq!(candidates("http://h/p"), ["http://h/p", "http://h:80/p"]);
    }

    #[test]
    fn a_url_with_a_port_is_also_tried_without() {
        assert_eq!(candidates("https://h:8443/p"), ["https://h:8443/p", "https://h/p"]);
    }

    #[test]
    fn userinfo_and_port_vary_independently() {
        assert_eq!(
            candidates("https://u:p@h/x"),
            ["https://u:p@h/x", "https://u:p@h:443/x", "https://h/x", "https://h:443/x"]
        );
    }

    #[test]
    fn a_fragment_is_dropped_and_an_empty_query_kept() {
        assert_eq!(candidates("https://h/p?#rc=2")[0], "https://h/p?");
    }

    #[test]
    fn only_a_websocket_gets_a_slash() {
        assert_eq!(candidates("wss://h/stream"), ["wss://h/stream", "wss://h/stream/"]);
        assert!(candidates("https://h/p").iter().all(|url| !url.ends_with('/')));
    }

    #[test]
    fn capitals_encodings_and_ipv6_hosts_stay_as_they_are() {
        assert_eq!(candidates("https://HoSt/%7b//a?b=%2F")[0], "https://HoSt/%7b//a?b=%2F");
        assert_eq!(candidates("https://[::1]/p"), ["https://[::1]/p", "https://[::1]:443/p"]);
        assert_eq!(candidates("https://[::1]:8443/p"), ["https://[::1]:8443/p", "https://[::1]/p"]);
    }

    #[test]
    fn something_that_is_no_url_is_tried_as_it_is() {
        assert_eq!(candidates("nonsense"), ["nonsense"]);
    }
}
