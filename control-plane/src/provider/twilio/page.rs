//! Lists come in pages; each names the next one, and only that address is followed. Credentials go along with every
//! page, so a page at another host is refused.

use serde::Deserialize;

use super::client::Unreadable;
use crate::domain::{api_base::ApiBase, telephony::Cursor};

/// Entries of a page: one of ours fits well into the bound on bodies.
pub(super) const SIZE: &str = "200";

/// The part of a page that is the same for every list.
#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    next_page_uri: Option<String>,
}

impl Paging {
    /// Where the list goes on, as a path below the base.
    pub fn next(self, base: &ApiBase, current: Option<&Cursor>) -> Result<Option<Cursor>, Unreadable> {
        let Some(uri) = self.next_page_uri.filter(|uri| !uri.is_empty()) else { return Ok(None) };
        let path = uri.strip_prefix(base.as_str()).unwrap_or(&uri);
        let next = Cursor(path.to_owned());
        if !is_of_this_api(&next) {
            return Err("its list goes on at an address that is not its own");
        }
        if current == Some(&next) {
            return Err("its list does not get on");
        }
        Ok(Some(next))
    }
}

/// A cursor is a path of this API; nothing that could name another host, or another part of this one.
pub(super) fn is_of_this_api(cursor: &Cursor) -> bool {
    let path = cursor.0.split(['?', '#']).next().unwrap_or_default();
    let rest = path.strip_prefix("/2010-04-01/Accounts");
    rest.is_some_and(|rest| rest.starts_with(['/', '.']) && !rest.contains("..") && !rest.contains(['\\', '%', '@']))
        && cursor.0.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::api_base::PlainHttp;

    fn next(uri: &str) -> Result<Option<Cursor>, Unreadable> {
        let base = ApiBase::read("x", "https://api.example.com", PlainHttp::ThisMachineOnly).expect("valid");
        Paging { next_page_uri: Some(uri.to_owned()) }.next(&base, None)
    }

    #[test]
    fn the_next_page_is_followed_at_the_same_host_only() {
        let path = "/2010-04-01/Accounts/AC1/Calls.json?PageSize=50&Page=1&PageToken=PACA";
        assert_eq!(next(path), Ok(Some(Cursor(path.to_owned()))));
        assert_eq!(next(&format!("https://api.example.com{path}")), Ok(Some(Cursor(path.to_owned()))));
        assert_eq!(next(""), Ok(None));
        for bad in [
            "https://evil.example/2010-04-01/Accounts/AC1/Calls.json",
            "https://api.example.com.evil.example/2010-04-01/Accounts/AC1/Calls.json",
            "https://api.example.com@evil.example/2010-04-01/Accounts",
            "http://api.example.com/2010-04-01/Accounts.json",
            "//evil.example/2010-04-01/Accounts.json",
            "/2010-04-01/Accounts/../../admin",
            "/2010-04-01/Accounts/%2e%2e/admin",
            "/other",
            "2010-04-01/Accounts.json",
            "/2010-04-01/Accounts.json\r\nx: y",
        ] {
            assert!(next(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_that_names_the_same_page_again_ends_in_an_error_and_not_in_a_circle() {
        let base = ApiBase::read("x", "https://api.example.com", PlainHttp::ThisMachineOnly).expect("valid");
        let uri = "/2010-04-01/Accounts.json?Page=1".to_owned();
        let again = Paging { next_page_uri: Some(uri.clone()) }.next(&base, Some(&Cursor(uri)));
        assert!(again.is_err());
    }
}
