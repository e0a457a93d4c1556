//! XML to elements. Refuses what is not well-formed or not a `<Response>`; judges nothing else.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Element;

/// Deep enough for TwiML, shallow enough for the stack.
const DEEPEST: usize = 32;

/// The verbs of a document, or Twilio's reason (12100) not to use it.
pub fn verbs(xml: &str) -> Result<Vec<Element>, String> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if open.len() >= DEEPEST || root.is_some() {
                    return Err("elements nested too deep, or a second root element".to_owned());
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => close(element(&start)?, &mut open, &mut root)?,
            Event::End(_) => {
                let done = open.pop().ok_or("an end tag without a start")?;
                close(done, &mut open, &mut root)?;
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|error| error.to_string())?;
                say(&text, &mut open)?;
            }
            Event::CData(data) => {
                let text = data.decode().map_err(|error| error.to_string())?;
                say(&text, &mut open)?;
            }
            Event::GeneralRef(reference) => say(&resolve(&reference)?, &mut open)?,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if !open.is_empty() {
        return Err("an element is not closed".to_owned());
    }
    match root {
        Some(root) if root.name == "Response" => Ok(root.children),
        Some(root) => Err(format!("the root element is <{}>, not <Response>", root.name)),
        None => Err("there is no element".to_owned()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        let value = quick_xml::escape::unescape(&raw).map_err(|error| error.to_string())?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match (open.last_mut(), root.is_some()) {
        (Some(parent), _) => parent.children.push(done),
        (None, false) => *root = Some(done),
        (None, true) => return Err("a second root element".to_owned()),
    }
    Ok(())
}

fn say(text: &str, open: &mut [Element]) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.text.push_str(text),
        None if text.trim().trim_start_matches('\u{feff}').is_empty() => {}
        None => return Err("text outside the root element".to_owned()),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(|error| error.to_string())?;
    resolve_predefined_entity(&name).map(str::to_owned).ok_or_else(|| format!("unknown entity &{name};"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_keep_their_order_attributes_text_and_children() {
        let xml = r#"<?xml version="1.0"?><!-- x --><Response><Say voice="man">Tom &amp; Jerry &#33;</Say>
            <Dial action="/d?a=1&amp;b=2"><Number>+15550100001</Number></Dial></Response>"#;
        let verbs = verbs(xml).expect("well-formed");
        assert_eq!(verbs[0].text(), "Tom & Jerry !");
        assert_eq!(verbs[1].attribute("action"), Some("/d?a=1&b=2"));
        assert_eq!(verbs[1].children[0].text(), "+15550100001");
    }

    #[test]
    fn broken_documents_are_refused_with_a_reason() {
        for bad in [
            "",
            "hello",
            "<Response>",
            "<Response><Say></Response>",
            "<Answer/>",
            "<Response/><Response/>",
            "<Response>&nope;</Response>",
        ] {
            assert!(verbs(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[<>/&;! a-zR=\"'?\\[\\]-]{0,80}") {
            verbs(&text).ok();
        }

        #[test]
        fn escaped_text_comes_back_as_it_was(text in "[ -~äß€]{0,40}") {
            let xml = format!("<Response><Say>{}</Say></Response>", quick_xml::escape::escape(&text));
            let verbs = verbs(&xml).expect("well-formed");
            proptest::prop_assert_eq!(verbs[0].text(), text.trim());
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(verbs(&"<Response>".repeat(10_000)).is_err());
    }
}
