//! What Twilio calls us by. It is the beginning of every signed URL, so it is kept byte for byte.

use super::{Profile, source::Source};

const KEY: &str = "public_url";

pub fn read(source: &mut Source<'_>, profile: Profile) -> Option<String> {
    let Some(url) = source.text(KEY) else {
        source.problem(
            KEY,
            "is not set: the https address under which Twilio reaches this edge, such as https://hooks.example.com",
        );
        return None;
    };
    let faults = faults(&url, profile);
    for fault in &faults {
        source.problem(KEY, fault);
    }
    faults.is_empty().then(|| url.trim_end_matches('/').to_owned())
}

fn faults(url: &str, profile: Profile) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let authority = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if profile == Profile::Dev => rest,
        Some(("http", rest)) => {
            faults.push("must begin with https:// outside the dev profile");
            rest
        }
        _ => return vec!["must begin with https://"],
    };
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        faults.push("has no host name");
    }
    if authority.contains('@') {
        faults.push("must not hold a user name or password: Twilio leaves them out of what it signs");
    }
    if authority.contains('_') {
        faults.push("has an underscore in the host name, which Twilio refuses");
    }
    if url.contains(['?', '#']) {
        faults.push("must not have a query or a fragment");
    }
    if url.contains(|character: char| character.is_whitespace() || !character.is_ascii()) {
        faults.push("holds a space or a character that is not ASCII");
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{Profile, faults};

    #[test]
    fn production_wants_https() {
        assert!(faults("https://hooks.example.com:8443/base", Profile::Production).is_empty());
        assert!(faults("http://localhost:7430", Profile::Dev).is_empty());
        assert_eq!(faults("http://h", Profile::Production).len(), 1);
        assert_eq!(faults("ftp://h", Profile::Dev).len(), 1);
    }

    #[test]
    fn whatever_would_break_a_signature_is_refused() {
        for url in ["https://", "https://u:p@h", "https://h?x", "https://h#x", "https://h/ x", "https://a_b.example"] {
            assert_eq!(faults(url, Profile::Production).len(), 1, "{url}");
        }
    }
}
