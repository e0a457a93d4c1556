//! How names of the protos read on a command line. Pure text.

/// `phone_number.e164` or `PhoneNumber` to `phone-number.e164`, `phone-number`.
pub fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter == '_' {
            out.push('-');
        } else if letter.is_ascii_uppercase() {
            if index > 0 && !out.ends_with(['-', '.']) {
                out.push('-');
            }
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// `PhoneNumberService` to `phone-number`.
pub fn noun(service: &str) -> String {
    kebab(service.strip_suffix("Service").unwrap_or(service))
}

/// The method name without the noun of its service: `ListPhoneNumbers` of `PhoneNumberService` to `list`.
pub fn command(service: &str, method: &str) -> String {
    let noun = noun(service);
    let method = kebab(method);
    for word in [plural(&noun), noun] {
        if let Some(rest) = without(&method, &word) {
            return rest;
        }
    }
    method
}

/// Takes a run of whole words out of a kebab-case name, unless nothing would be left.
fn without(name: &str, words: &str) -> Option<String> {
    let padded = format!("-{name}-");
    let at = padded.find(&format!("-{words}-"))?;
    let rest = format!("{}{}", &padded[..at], &padded[at + words.len() + 1..]);
    let rest = rest.trim_matches('-');
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    }
}

/// An enum value as people type it: `ACCOUNT_STATUS_ACTIVE` of `AccountStatus` to `active`.
pub fn enum_word(enum_name: &str, value: &str) -> String {
    let prefix = kebab(enum_name);
    let word = kebab(&value.to_ascii_lowercase());
    match word.strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('-')) {
        Some(rest) => rest.to_owned(),
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_method_without_its_noun() {
        assert_eq!(command("PhoneNumberService", "ListPhoneNumbers"), "list");
        assert_eq!(command("AccountService", "SetPrimaryAccount"), "set-primary");
        assert_eq!(command("AccountService", "ClearAccountCredentials"), "clear-credentials");
        assert_eq!(command("EscalationPolicyService", "ListEscalationPolicies"), "list");
        assert_eq!(command("PhoneNumberService", "ConfigureWebhooks"), "configure-webhooks");
        assert_eq!(command("CallService", "RecallCallers"), "recall-callers");
    }

    #[test]
    fn enum_values_lose_the_name_of_their_enum() {
        assert_eq!(enum_word("AccountStatus", "ACCOUNT_STATUS_WRONG_REGION"), "wrong-region");
        assert_eq!(enum_word("Odd", "SOMETHING_ELSE"), "something-else");
    }
}
