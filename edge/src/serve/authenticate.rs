//! Is this request from Twilio, for the account it names, and about a number of that account? Asks the state only: neither an
//! unknown account nor a bad signature costs a call to a control plane.

use std::{borrow::Cow, sync::LazyLock};

use super::{rejection::Refusal, request::Received};
use crate::{
    route::Route,
    state::Directory,
    translate::e164,
    verify::{Fault, Key, Signed, explain, verify},
};

/// Made once, as the keys of accounts are: making it takes time too.
static NOBODY: LazyLock<[Key; 1]> = LazyLock::new(|| [Key::token(b"nobody")]);

/// What a request claims to be, as it is checked.
pub struct Claim<'a> {
    /// The public URL with the request's path and query.
    pub url: &'a str,
    /// What it is about.
    pub route: Route,
    /// The request.
    pub received: &'a Received<'a>,
}

/// The account that signed, or why the request is not believed. `explained` is asked only after a failed signature, because
/// explaining costs several more checks.
pub fn authenticate<'a>(
    directory: &Directory,
    claim: &Claim<'a>,
    explained: impl FnOnce() -> bool,
) -> Result<Cow<'a, str>, Refusal> {
    let received = claim.received;
    let sid = received.form.text("AccountSid").filter(|sid| !sid.is_empty()).ok_or(Refusal::NoAccount)?;
    let signed = Signed { url: claim.url, content: received.content(), signature: received.signature() };
    let Some(account) = directory.account(&sid) else {
        // Takes as long as a known account with a wrong signature.
        let _never = verify(signed, &*NOBODY);
        return Err(Refusal::UnknownAccount);
    };
    if account.keys.is_empty() {
        return Err(Refusal::CannotVerify);
    }
    let key = verify(signed, &account.keys).map_err(|fault| refused(signed, &account.keys, &fault, explained))?;
    tracing::debug!(token = ?account.kinds.get(key), "signature fits");
    if !account.active {
        return Err(Refusal::Inactive);
    }
    if claim.route.is_inbound() {
        check_owner(directory, &sid, received.form.text("To"))?;
    }
    Ok(sid)
}

fn refused(signed: Signed<'_>, keys: &[Key], fault: &Fault, explained: impl FnOnce() -> bool) -> Refusal {
    Refusal::Signature(if explained() { explain::reason(signed, keys, fault) } else { String::new() })
}

/// A number nobody registered is the control plane's to answer politely; one of another account is not to be touched.
fn check_owner(directory: &Directory, sid: &str, to: Option<Cow<'_, str>>) -> Result<(), Refusal> {
    let owner = to.as_deref().and_then(e164).and_then(|number| directory.owner(number));
    if owner.is_none_or(|owner| *owner == *sid) { Ok(()) } else { Err(Refusal::ForeignNumber) }
}
