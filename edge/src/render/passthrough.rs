//! TwiML a vendor wrote: checked to be one well-formed `<Response>` of bearable length, otherwise left as it is.

use quick_xml::{Reader, events::Event};

use super::{LONGEST_DOCUMENT, Unwritable};

/// The text itself, or why Twilio would not take it.
pub fn check(twiml: &str) -> Result<&str, Unwritable> {
    if twiml.len() > LONGEST_DOCUMENT {
        return Err(Unwritable::TooLong);
    }
    let mut reader = Reader::from_str(twiml);
    let mut depth = 0_usize;
    let mut roots = 0_usize;
    loop {
        match reader.read_event().map_err(|_| Unwritable::NotTwiml)? {
            Event::Start(element) => {
                roots += usize::from(depth == 0);
                if depth == 0 && element.name().as_ref() != b"Response" {
                    return Err(Unwritable::NotTwiml);
                }
                depth += 1;
            }
            Event::Empty(element) if depth == 0 => {
                roots += 1;
                if element.name().as_ref() != b"Response" {
                    return Err(Unwritable::NotTwiml);
                }
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            // Entities of a document type could make a short text long; TwiML has none.
            Event::DocType(_) => return Err(Unwritable::NotTwiml),
            Event::Eof => break,
            _ => {}
        }
    }
    if roots == 1 && depth == 0 { Ok(twiml) } else { Err(Unwritable::NotTwiml) }
}

#[cfg(test)]
mod tests {
    use super::{Unwritable, check};

    #[test]
    fn a_well_formed_response_is_handed_through() {
        for twiml in
            ["<Response/>", "<?xml version=\"1.0\"?>\n<Response><Connect><X a='1'>t</X></Connect></Response>\n"]
        {
            assert_eq!(check(twiml), Ok(twiml));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for twiml in [
            "",
            "hello",
            "<html></html>",
            "<Response>",
            "<Response></Say>",
            "<Response/><Response/>",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><Response/>",
        ] {
            assert_eq!(check(twiml), Err(Unwritable::NotTwiml), "{twiml}");
        }
        assert_eq!(check(&format!("<Response>{}</Response>", " ".repeat(70_000))), Err(Unwritable::TooLong));
    }
}
