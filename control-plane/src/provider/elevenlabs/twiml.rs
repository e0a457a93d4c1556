//! Whether an answer is TwiML that may be handed to Twilio. Their reference says it is a JSON string, their library
//! reads it raw: both are taken. Nothing is changed in it.

/// Twilio refuses more.
const LARGEST: usize = 64 * 1024;

/// The document in the answer, if it is one with `Response` as its root.
pub(super) fn document(body: &[u8]) -> Result<String, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not text")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let text = match text.starts_with('"') {
        true => serde_json::from_str::<String>(text).map_err(|_| "the answer could not be read")?.trim().to_owned(),
        false => text.to_owned(),
    };
    if text.len() > LARGEST {
        return Err("the answer is larger than Twilio takes");
    }
    match is_response(&text) {
        true => Ok(text),
        false => Err("the answer is not TwiML"),
    }
}

/// Neither a comment nor a document type may come first: nobody needs them here, and a document type can do harm.
fn is_response(text: &str) -> bool {
    let root = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, root)| root.trim_start()),
        None => text,
    };
    let Some(rest) = root.strip_prefix("<Response") else { return false };
    let named = rest.starts_with(['>', '/', ' ', '\t', '\r', '\n']);
    let ended = rest.ends_with("</Response>")
        || rest.find('>').is_some_and(|at| rest[..=at].ends_with("/>") && at + 1 == rest.len());
    named && ended && !text.contains("<!DOCTYPE") && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://x"/></Connect></Response>"#;

    #[test]
    fn raw_text_and_a_json_string_are_both_taken() {
        assert_eq!(document(PLAIN.as_bytes()).as_deref(), Ok(PLAIN));
        let quoted = serde_json::to_string(PLAIN).expect("a string");
        assert_eq!(document(quoted.as_bytes()).as_deref(), Ok(PLAIN));
        assert_eq!(document(format!("\u{feff}\r\n{PLAIN}\n").as_bytes()).as_deref(), Ok(PLAIN));
        for short in [
            "<Response/>",
            "<Response></Response>",
            "<Response />",
            "<?xml version='1.0'?>\n<Response><Hangup/></Response>",
        ] {
            assert!(document(short.as_bytes()).is_ok(), "{short}");
        }
    }

    #[test]
    fn what_is_not_twiml_is_not_handed_on() {
        let large = format!("<Response>{}</Response>", " ".repeat(LARGEST));
        for bad in [
            "",
            "\"",
            "\"\"",
            "{}",
            "<html></html>",
            "<Responses></Responses>",
            "<Response>",
            "<Response><Hangup/>",
            "<?xml",
            "<!DOCTYPE x><Response/>",
            "<Response><!DOCTYPE x></Response>",
            "<Responseé",
            "<Response/><Response",
            large.as_str(),
        ] {
            assert!(document(bad.as_bytes()).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
        assert!(document(b"<Response>\xff</Response>").is_err());
    }
}
