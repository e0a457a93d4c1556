//! `<Gather>`: what the person presses or says, and the request that carries it.

use super::leg::Leg;
use super::transcript::OnTheLine;
use super::walk::{ask_for, note_prompt};
use super::{Next, Turn};
use crate::ledger::Happened;
use crate::script::Act;
use crate::twiml::{Document, Element};
use crate::webhook::Kind;
use crate::webhook::form::{Form, pair};

enum Heard {
    Keys(String),
    Speech(String),
    Nothing,
}

pub async fn gather(leg: &mut Leg, document: &Document, verb: &Element) -> Result<Next, Turn> {
    let prompts: u32 = verb.children.iter().map(|child| note_prompt(leg, document, child)).sum();
    let timeout = verb.number("timeout").unwrap_or(5);
    let extra = match heard(leg, verb)? {
        Heard::Keys(keys) => {
            // The first key stops the prompt.
            leg.pass(1).await?;
            leg.pressed(&keys);
            let collected = collect(verb, &keys);
            if !collected.complete {
                leg.pass(timeout).await?;
            }
            digits(&collected)
        }
        Heard::Speech(text) => {
            leg.pass(prompts + 2).await?;
            speech(leg, &text)
        }
        Heard::Nothing => {
            leg.pass(prompts + timeout).await?;
            if !verb.flag("actionOnEmptyResult") {
                return Ok(Next::Continue);
            }
            digits(&Collected { digits: String::new(), finished_on: String::new(), complete: false })
        }
    };
    Ok(ask_for(leg, document, Kind::Gather, verb.attribute("action"), verb.attribute("method"), extra))
}

/// Takes the next act if it is one for a `<Gather>`.
fn heard(leg: &mut Leg, verb: &Element) -> Result<Heard, Turn> {
    let input = verb.attribute("input").unwrap_or("dtmf");
    let listens = |what: &str| input.split_whitespace().any(|part| part == what);
    if matches!(leg.acts.front(), None | Some(Act::Voicemail(_))) {
        return Ok(Heard::Nothing);
    }
    match leg.acts.pop_front() {
        Some(Act::Press(keys)) if listens("dtmf") && !keys.is_empty() => Ok(Heard::Keys(keys)),
        Some(Act::Speak(text)) if listens("speech") => Ok(Heard::Speech(text)),
        Some(Act::HangUp) => Err(leg.person_hangs_up()),
        _ => Ok(Heard::Nothing),
    }
}

struct Collected {
    digits: String,
    finished_on: String,
    /// No need to wait for more keys.
    complete: bool,
}

fn collect(verb: &Element, keys: &str) -> Collected {
    let finish = verb.attribute("finishOnKey").unwrap_or("#").chars().next();
    let limit = verb.number("numDigits").map_or(usize::MAX, |limit| limit as usize);
    let mut digits = String::new();
    for key in keys.chars() {
        if Some(key) == finish {
            return Collected { digits, finished_on: key.to_string(), complete: true };
        }
        digits.push(key);
        if digits.len() >= limit {
            return Collected { digits, finished_on: String::new(), complete: true };
        }
    }
    Collected { digits, finished_on: String::new(), complete: false }
}

fn digits(collected: &Collected) -> Form {
    vec![pair("msg", "Gather End"), pair("Digits", &collected.digits), pair("FinishedOnKey", &collected.finished_on)]
}

fn speech(leg: &mut Leg, text: &str) -> Form {
    let at_ms = leg.at_ms();
    leg.transcript.line.push(OnTheLine::Spoke { at_ms, text: text.to_owned() });
    leg.world.note(Happened::Spoke {
        person: leg.person.clone(),
        text: text.to_owned(),
        call_sid: leg.facts.sid.clone(),
        account_sid: leg.facts.account_sid.clone(),
    });
    vec![pair("msg", "Gather End"), pair("SpeechResult", text), pair("Confidence", "0.93")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(attributes: &[(&str, &str)], keys: &str) -> (String, String, bool) {
        let attributes = attributes.iter().map(|(name, value)| pair(name, *value)).collect();
        let verb = Element { name: "Gather".into(), attributes, ..Element::default() };
        let Collected { digits, finished_on, complete } = collect(&verb, keys);
        (digits, finished_on, complete)
    }

    #[test]
    fn the_finish_key_ends_the_digits_and_is_not_one_of_them() {
        assert_eq!(collected(&[], "12#3"), ("12".into(), "#".into(), true));
        assert_eq!(collected(&[("finishOnKey", "*")], "1#*"), ("1#".into(), "*".into(), true));
        assert_eq!(collected(&[("finishOnKey", "")], "1#"), ("1#".into(), String::new(), false));
    }

    #[test]
    fn enough_digits_end_the_gather_without_a_key() {
        assert_eq!(collected(&[("numDigits", "1")], "59"), ("5".into(), String::new(), true));
    }
}
