//! Machine detection of a call made by REST: nothing is said until it knows, or until its time is over.

use super::Turn;
use super::leg::Leg;
use crate::script::Answer;

/// What the create request asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// `DetectMessageEnd`: a machine is heard out until its beep.
    pub message_end: bool,
    /// Seconds.
    pub timeout: u32,
}

/// A person is known by a short word and silence.
const HUMAN_SECONDS: u32 = 2;
/// A machine is known by how long it speaks.
const MACHINE_SECONDS: u32 = 4;

impl Detection {
    /// What it says of whoever answered, and how long that takes.
    fn verdict(self, answer: &Answer) -> (&str, u32) {
        let is_machine = answer.answered_by.starts_with("machine");
        let (word, seconds) = match (is_machine, self.message_end) {
            (false, _) => (answer.answered_by.as_str(), HUMAN_SECONDS),
            (true, false) => ("machine_start", MACHINE_SECONDS),
            (true, true) if answer.answered_by == "machine_start" => ("machine_end_beep", answer.greeting_seconds),
            (true, true) => (answer.answered_by.as_str(), answer.greeting_seconds),
        };
        if seconds > self.timeout { ("unknown", self.timeout) } else { (word, seconds) }
    }

    /// Listens; the word is in every request from then on.
    pub async fn listen(self, leg: &mut Leg, answer: &Answer) -> Result<(), Turn> {
        let (word, seconds) = self.verdict(answer);
        leg.pass(seconds).await?;
        leg.answered_by = Some(word.to_owned());
        leg.stand("in-progress");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_heard_out_only_if_asked_for_and_only_for_so_long() {
        let answered = |answered_by: &str, message_end, timeout| {
            let answer = Answer { answered_by: answered_by.to_owned(), ..Answer::default() };
            let (word, seconds) = Detection { message_end, timeout }.verdict(&answer);
            (word.to_owned(), seconds)
        };
        assert_eq!(answered("human", true, 15), ("human".to_owned(), 2));
        assert_eq!(answered("fax", true, 15), ("fax".to_owned(), 2));
        assert_eq!(answered("machine_start", true, 15), ("machine_end_beep".to_owned(), 8));
        assert_eq!(answered("machine_end_silence", true, 15), ("machine_end_silence".to_owned(), 8));
        assert_eq!(answered("machine_end_beep", false, 15), ("machine_start".to_owned(), 4));
        assert_eq!(answered("machine_start", true, 5), ("unknown".to_owned(), 5));
    }
}
