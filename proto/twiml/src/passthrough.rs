//! TwiML a vendor wrote: checked to be one well-formed `<Response>` of bearable length, otherwise left as it is.

use quick_xml::{
    Reader,
    escape::{resolve_predefined_entity, unescape},
    events::{BytesRef, BytesStart, Event},
};

use super::{LONGEST_DOCUMENT, Unwritable, xml::is_xml};

/// The text itself, or why Twilio would not take it.
pub fn check(twiml: &str) -> Result<&str, Unwritable> {
    if twiml.len() > LONGEST_DOCUMENT {
        return Err(Unwritable::TooLong);
    }
    if twiml.chars().all(is_xml) && is_one_response(twiml) { Ok(twiml) } else { Err(Unwritable::NotTwiml) }
}

/// The reader finds tags that do not match. It leaves attributes, references and what stands outside the root to us.
fn is_one_response(twiml: &str) -> bool {
    let mut reader = Reader::from_str(twiml);
    reader.config_mut().check_comments = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let Ok(event) = reader.read_event() else { return false };
        if depth == 0 && !may_stand_outside(&event) {
            return false;
        }
        let holds = match event {
            Event::Eof => return roots == 1 && depth == 0,
            Event::Start(element) => {
                roots += usize::from(depth == 0);
                depth += 1;
                has_readable_attributes(&element)
            }
            Event::Empty(element) => {
                roots += usize::from(depth == 0);
                has_readable_attributes(&element)
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                true
            }
            Event::GeneralRef(reference) => is_known(&reference),
            // Entities of a document type could make a short text long; TwiML has none.
            Event::DocType(_) => false,
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => true,
        };
        if !holds {
            return false;
        }
    }
}

fn may_stand_outside(event: &Event<'_>) -> bool {
    match event {
        Event::Start(element) | Event::Empty(element) => element.name().as_ref() == b"Response",
        Event::Text(text) => text.decode().is_ok_and(|text| text.trim_start_matches('\u{feff}').trim().is_empty()),
        Event::CData(_) | Event::GeneralRef(_) => false,
        _ => true,
    }
}

fn has_readable_attributes(element: &BytesStart<'_>) -> bool {
    element.attributes().all(|attribute| {
        let value = attribute.ok().map(|attribute| attribute.value);
        let value = value.as_deref().and_then(|value| str::from_utf8(value).ok()).filter(|value| !value.contains('<'));
        value.and_then(|value| unescape(value).ok()).is_some_and(|value| value.chars().all(is_xml))
    })
}

fn is_known(reference: &BytesRef<'_>) -> bool {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => is_xml(character),
        Ok(None) => reference.decode().is_ok_and(|name| resolve_predefined_entity(&name).is_some()),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Unwritable, check};

    #[test]
    fn a_well_formed_response_is_handed_through() {
        for twiml in [
            "<Response/>",
            "<?xml version=\"1.0\"?>\n<Response><Connect><X a='1'>t</X></Connect></Response>\n",
            "\u{feff}<Response><Say a='&#33;&lt;'>&amp;&#x21;<![CDATA[<]]></Say></Response><!-- end -->",
        ] {
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
            "<Response/>hello",
            "hello<Response/>",
            "<Response/>&amp;",
            "<![CDATA[x]]><Response/>",
            "<Response><Say ''></Say></Response>",
            "<Response><Say loop=2></Say></Response>",
            "<Response><Say a='1' a='2'/></Response>",
            "<Response><Say a='<'/></Response>",
            "<Response><Say a='&nope;'/></Response>",
            "<Response>&nope;</Response>",
            "<Response>&#xD800;</Response>",
            "<Response>&#8;</Response>",
            "<Response>\u{8}</Response>",
            "<Response><!-- a -- b --></Response>",
        ] {
            assert_eq!(check(twiml), Err(Unwritable::NotTwiml), "{twiml}");
        }
        assert_eq!(check(&format!("<Response>{}</Response>", " ".repeat(70_000))), Err(Unwritable::TooLong));
    }
}
