//! What somebody hears who answers a call of ours: the question, the answer to a key, or that it is answered already. A key
//! is confirmed only by what was stored. Typed instructions; the edge writes the XML.

mod texts;

use super::{
    attempt::Talk,
    id::AttemptId,
    instruction::{Gather, GatherInput, Instructions, Say, Verb},
    seconds::Seconds,
};
pub use texts::{Texts, texts};

/// How long a key is waited for.
const PATIENCE: Seconds = Seconds(10);
/// How often the menu is repeated after a key that means nothing.
pub const MOST_REPEATS: u32 = 2;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The person comes.
    Joined,
    /// The person does not come.
    Missed,
    /// Never call again.
    OptOut,
    /// Nothing.
    Other,
}

impl Key {
    /// Reads a key.
    pub fn of(digits: &str, talk: &Talk) -> Self {
        match digits {
            "1" => Self::Joined,
            "2" => Self::Missed,
            "9" if talk.offers_opt_out => Self::OptOut,
            _ => Self::Other,
        }
    }
}

/// The message and the menu. Silence repeats the menu once without asking us, so that it works while nobody is there to
/// be asked.
pub fn question(talk: &Talk, tag: AttemptId) -> Instructions {
    if !talk.asks {
        return Instructions::Verbs(vec![say(talk, &talk.text), Verb::Hangup]);
    }
    let (text, menu) = (say(talk, &talk.text), say(talk, &menu(talk)));
    Instructions::Verbs(vec![
        gather(tag, vec![text, menu.clone()]),
        gather(tag, vec![menu]),
        say(talk, texts(&talk.language).goodbye),
        Verb::Hangup,
    ])
}

/// The menu once more, after a key that means nothing.
pub fn menu_again(talk: &Talk, tag: AttemptId) -> Instructions {
    let texts = texts(&talk.language);
    let prompts = vec![say(talk, texts.not_understood), say(talk, &menu(talk))];
    Instructions::Verbs(vec![gather(tag, prompts), say(talk, texts.goodbye), Verb::Hangup])
}

/// The message for a machine, which hears it after its beep.
pub fn message(talk: &Talk) -> Instructions {
    Instructions::Verbs(vec![say(talk, &talk.text), Verb::Hangup])
}

/// What was stored, and goodbye.
pub fn confirmed(talk: &Talk, key: Key) -> Instructions {
    let texts = texts(&talk.language);
    let text = match key {
        Key::Joined => texts.joined,
        Key::Missed => texts.missed,
        Key::OptOut => texts.opted_out,
        Key::Other => texts.goodbye,
    };
    Instructions::Verbs(vec![say(talk, text), Verb::Hangup])
}

/// It is answered already, by somebody.
pub fn already(talk: &Talk, by: &str) -> Instructions {
    let texts = texts(&talk.language);
    let text = match by {
        "" => texts.already.to_owned(),
        by => texts.already_by.replace("{by}", by),
    };
    Instructions::Verbs(vec![say(talk, &text), Verb::Hangup])
}

/// Nothing more to say.
pub fn goodbye(talk: &Talk) -> Instructions {
    Instructions::Verbs(vec![say(talk, texts(&talk.language).goodbye), Verb::Hangup])
}

fn menu(talk: &Talk) -> String {
    let texts = texts(&talk.language);
    let menu = if talk.menu.is_empty() { texts.menu } else { &talk.menu };
    match talk.offers_opt_out {
        true => format!("{menu} {}", texts.opt_out),
        false => menu.to_owned(),
    }
}

fn gather(tag: AttemptId, prompts: Vec<Verb>) -> Verb {
    Verb::Gather(Gather {
        action: format!("/twilio/gather/{tag}"),
        input: GatherInput::Dtmf,
        timeout: PATIENCE,
        num_digits: 1,
        finish_on_key: Some(String::new()),
        action_on_empty_result: false,
        language: String::new(),
        prompts,
    })
}

fn say(talk: &Talk, text: &str) -> Verb {
    let (voice, language) = (talk.voice.clone(), talk.language.clone());
    Verb::Say(Say { text: text.to_owned(), voice, language, times: 0 })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn talk(language: &str) -> Talk {
        Talk { text: "Board meeting".to_owned(), language: language.to_owned(), asks: true, ..Talk::default() }
    }

    fn spoken(instructions: &Instructions) -> Vec<String> {
        let Instructions::Verbs(verbs) = instructions else { return Vec::new() };
        let prompts = |verb: &Verb| match verb {
            Verb::Gather(gather) => gather.prompts.clone(),
            verb => vec![verb.clone()],
        };
        let text = |verb: Verb| match verb {
            Verb::Say(say) => Some(say.text),
            _ => None,
        };
        verbs.iter().flat_map(prompts).filter_map(text).collect()
    }

    #[test]
    fn silence_hears_the_menu_twice_and_then_goodbye() {
        let tag = AttemptId::from_uuid(Uuid::nil());
        let said = spoken(&question(&talk("de-DE"), tag));
        assert_eq!(said.len(), 4);
        assert_eq!((said[0].as_str(), &said[1]), ("Board meeting", &said[2]));
        assert!(said[1].contains("eins"), "{said:?}");
    }

    #[test]
    fn a_key_means_something_only_where_it_was_offered() {
        let offering = Talk { offers_opt_out: true, ..talk("en-US") };
        assert_eq!(Key::of("1", &offering), Key::Joined);
        assert_eq!(Key::of("2", &offering), Key::Missed);
        assert_eq!(Key::of("9", &offering), Key::OptOut);
        assert_eq!(Key::of("9", &talk("en-US")), Key::Other);
        assert_eq!(Key::of("12", &offering), Key::Other);
    }

    #[test]
    fn whoever_is_late_hears_who_was_first() {
        assert!(spoken(&already(&talk("en-US"), "Ada <&>"))[0].contains("Ada <&>"));
        assert!(!spoken(&already(&talk("xx"), ""))[0].is_empty());
    }
}
