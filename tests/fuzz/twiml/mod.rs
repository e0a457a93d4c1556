//! The TwiML writer: whatever it is told, it refuses, or writes one document that the simulated Twilio reads as the same verbs,
//! attributes and texts. A vendor's TwiML that it hands through can be read, too.

mod build;
mod expect;

use callplane_proto::edge::v1::Instructions;
use callplane_simulator::twiml::parse;
use callplane_twiml::{Renderer, Unwritable};
use prost::Message;

use crate::{
    corpus::words,
    engine::{Target, Verdict},
    tape::Tape,
};

const BASE: &str = "https://hooks.example.net";
const LONGEST: usize = 64 * 1024;
/// The most bytes that one byte of instructions can become: a short leg with its callback and all its events.
const GROWTH: usize = 32;

/// The first byte says what the rest is: choices of verbs and texts, encoded instructions, a vendor's TwiML, or messages.
pub fn target() -> Target {
    let mut seeds: Vec<Vec<u8>> =
        (0..10).map(|kind| [&[0, kind][..], b"\x05/a?&<\x03\"'>\xff\xff]]>\x01\0\x08\x7f"].concat()).collect();
    seeds.push([&[0][..], &[0, 0xff, 0xff, b'&'].repeat(8)].concat());
    seeds.push(b"\x01\x0a\x02\x52\x00".to_vec());
    seeds.push(b"\x01\x0a\x00".to_vec());
    for vendors in [
        "<Response/>",
        "<?xml version=\"1.0\"?>\n<Response><Connect><X a='1'>t&amp;&#33;</X></Connect><!-- c --></Response>\n",
        "<Response><![CDATA[<]]></Response>",
        "<html/>",
    ] {
        seeds.push([b"\x02", vendors.as_bytes()].concat());
    }
    seeds.push(b"\x03\x04text\x01\x09https://h".to_vec());
    let mut dictionary = words(&[
        "&",
        "<",
        ">",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "<!--",
        "--",
        "?>",
        "<?xml",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "&#0;",
        "&#xD800;",
        "&amp;",
        "&nope;",
        "</Response>",
        "<Response/>",
        "<a b='1' b='2'/>",
        "://",
        "/",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{b}",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{feff}",
        "\u{10ffff}",
        "\u{202e}",
    ]);
    // A surrogate as some encoders write it, and texts repeated until they are too long.
    dictionary.extend([vec![0xed, 0xa0, 0x80], vec![0xff, 0xff], vec![0x81, 0xff]]);
    Target {
        name: "twiml",
        inputs: 4000,
        seeds,
        dictionary,
        check: Box::new(check),
        reaches: &["written", "messages", "unknown verb", "not a prompt", "too long", "handed through", "not TwiML"],
    }
}

fn check(input: &[u8]) -> Verdict {
    let (kind, rest) = input.split_first().map_or((0, input), |(kind, rest)| (kind % 4, rest));
    match kind {
        0 => check_instructions(&build::instructions(&mut Tape::new(rest))),
        1 => Instructions::decode(rest).map_or("no message", |instructions| check_instructions(&instructions)),
        2 => check_passthrough(&String::from_utf8_lossy(rest)),
        _ => check_messages(&mut Tape::new(rest)),
    }
}

fn check_instructions(instructions: &Instructions) -> Verdict {
    if !instructions.passthrough_twiml.is_empty() {
        return check_passthrough(&instructions.passthrough_twiml);
    }
    let expected = expect::verbs(&instructions.verbs);
    match Renderer::new(BASE).instructions(instructions) {
        Ok(twiml) => {
            assert_eq!(Ok(read(&twiml)), expected, "{twiml}");
            "written"
        }
        Err(Unwritable::TooLong) => {
            assert!(instructions.encoded_len() * GROWTH > LONGEST, "short instructions: {instructions:?}");
            "too long"
        }
        Err(refusal) => {
            assert_eq!(expected, Err(refusal), "{instructions:?}");
            expected.err().map_or("written", |refusal| match refusal {
                Unwritable::NotAPrompt => "not a prompt",
                _ => "unknown verb",
            })
        }
    }
}

/// What the simulated Twilio reads, attributes in the order of their names.
fn read(twiml: &str) -> Vec<callplane_simulator::twiml::Element> {
    assert!(twiml.len() <= LONGEST, "{} bytes", twiml.len());
    assert!(twiml.chars().all(expect::is_xml), "a character that XML cannot hold: {twiml:?}");
    assert!(!twiml.contains(['\r', '\n', '\t']), "a parser makes something else of it: {twiml:?}");
    let mut verbs = parse::verbs(twiml).unwrap_or_else(|reason| panic!("{reason}: {twiml}"));
    verbs.iter_mut().for_each(expect::sort);
    verbs
}

fn check_messages(tape: &mut Tape<'_>) -> Verdict {
    let messages = build::messages(tape);
    match Renderer::new(BASE).messages(&messages) {
        Ok(twiml) => {
            assert_eq!(read(&twiml), expect::messages(&messages), "{twiml}");
            "messages"
        }
        Err(refusal) => {
            assert_eq!(refusal, Unwritable::TooLong);
            assert!(messages.encoded_len() * GROWTH > LONGEST, "short messages: {messages:?}");
            "too long"
        }
    }
}

/// The simulated Twilio reads 32 levels and no more; an edge does not count them.
const LEVELS: usize = 32;

fn check_passthrough(twiml: &str) -> Verdict {
    let instructions = Instructions { passthrough_twiml: twiml.to_owned(), ..Instructions::default() };
    match Renderer::new(BASE).instructions(&instructions) {
        // Nothing to hand through is nothing to do.
        Ok(_) if twiml.is_empty() => "written",
        Ok(handed) => {
            assert_eq!(handed, twiml, "left as it is");
            let reason = parse::verbs(twiml).err().filter(|_| twiml.matches('<').count() <= LEVELS);
            assert_eq!(reason, None, "handed through: {twiml:?}");
            "handed through"
        }
        Err(Unwritable::TooLong) => {
            assert!(twiml.len() > LONGEST);
            "too long"
        }
        Err(_) => "not TwiML",
    }
}
