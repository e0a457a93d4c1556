//! The parts of a calendar: which lines belong to which event and which time zone. Knows what may stand in what, no more.

use std::borrow::Cow;

use super::lines::Line;
use crate::domain::error::{Error, Kind, Result};

/// Deeper than any calendar has reason to be; what is deeper is not read.
const DEEPEST: usize = 8;

/// One VCALENDAR. A text may hold several.
#[derive(Default)]
pub(super) struct Calendar<'a> {
    /// `METHOD:CANCEL`: every event in it is called off.
    pub is_cancelling: bool,
    /// VTIMEZONE.
    pub zones: Vec<Part<'a>>,
    /// VEVENT.
    pub events: Vec<Part<'a>>,
}

/// An event or a time zone.
pub(super) struct Part<'a> {
    kind: &'a str,
    /// The line of its BEGIN.
    pub line: usize,
    /// Its own properties.
    pub lines: Vec<Line<'a>>,
    /// What stands in it: alarms, or STANDARD and DAYLIGHT.
    pub inner: Vec<Part<'a>>,
    /// Its END was there, and nothing open in it.
    pub is_whole: bool,
}

impl<'a> Part<'a> {
    fn begin(kind: &'a str, line: usize) -> Self {
        Self { kind, line, lines: Vec::new(), inner: Vec::new(), is_whole: false }
    }

    /// Whether it is of that kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// Every property of that name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Line<'a>> {
        self.lines.iter().filter(move |line| line.is(name))
    }

    /// The first property of that name.
    pub fn first(&self, name: &str) -> Option<&Line<'a>> {
        self.all(name).next()
    }
}

/// The calendars of a text. One that does not end was cut off on its way, and what is missing from it says nothing.
pub(super) fn calendars<'a>(lines: &'a [(usize, Cow<'a, str>)]) -> Result<Vec<Calendar<'a>>> {
    let mut reader = Reader::default();
    for (number, text) in lines {
        let Some(line) = Line::read(text) else { continue };
        if line.is("BEGIN") {
            reader.begin(line.value.trim(), *number)?;
        } else if line.is("END") {
            reader.end(line.value.trim());
        } else {
            reader.line(line);
        }
    }
    match (reader.is_open, reader.done.is_empty()) {
        (true, _) => Err(cut()),
        (false, true) => Err(Error::new(Kind::InvalidArgument, "NOT_A_CALENDAR", "this is not an iCalendar text")),
        (false, false) => Ok(reader.done),
    }
}

fn cut() -> Error {
    Error::new(Kind::InvalidArgument, "CALENDAR_CUT", "the calendar ends in the middle: `END:VCALENDAR` is missing")
}

#[derive(Default)]
struct Reader<'a> {
    done: Vec<Calendar<'a>>,
    now: Calendar<'a>,
    is_open: bool,
    /// The event or time zone that is open, and what is open in it.
    part: Option<Part<'a>>,
    inner: Vec<Part<'a>>,
    /// How many have begun beyond `DEEPEST`.
    beyond: usize,
}

impl<'a> Reader<'a> {
    fn begin(&mut self, kind: &'a str, number: usize) -> Result<()> {
        let outermost = ["VEVENT", "VTIMEZONE", "VTODO", "VJOURNAL", "VFREEBUSY"];
        if kind.eq_ignore_ascii_case("VCALENDAR") {
            if self.is_open {
                return Err(cut());
            }
            self.is_open = true;
            return Ok(());
        }
        if !self.is_open {
            return Ok(());
        }
        if self.part.is_none() || outermost.iter().any(|part| kind.eq_ignore_ascii_case(part)) {
            // These stand in a calendar only, so that an END is missing before.
            self.close();
            self.part = Some(Part::begin(kind, number));
        } else if self.inner.len() < DEEPEST {
            self.inner.push(Part::begin(kind, number));
        } else {
            self.beyond += 1;
        }
        Ok(())
    }

    fn end(&mut self, kind: &'a str) {
        if kind.eq_ignore_ascii_case("VCALENDAR") {
            self.close();
            if std::mem::take(&mut self.is_open) {
                self.done.push(std::mem::take(&mut self.now));
            }
        } else if self.beyond > 0 {
            self.beyond -= 1;
        } else if let Some(at) = self.inner.iter().rposition(|part| part.is(kind)) {
            // What is deeper was not ended; what is not deep enough to matter is let go.
            self.inner.truncate(at + 1);
            if let (0, Some(ended), Some(part)) = (at, self.inner.pop(), &mut self.part) {
                part.inner.push(ended);
            }
        } else if self.part.as_ref().is_some_and(|part| part.is(kind)) {
            let whole = self.inner.is_empty();
            if let Some(part) = &mut self.part {
                part.is_whole = whole;
            }
            self.close();
        }
    }

    fn line(&mut self, line: Line<'a>) {
        match (&mut self.part, self.inner.last_mut()) {
            _ if self.beyond > 0 || !self.is_open => {}
            (Some(_), Some(inner)) => inner.lines.push(line),
            (Some(part), None) => part.lines.push(line),
            (None, _) if line.is("METHOD") => {
                self.now.is_cancelling = line.value.trim().eq_ignore_ascii_case("CANCEL");
            }
            (None, _) => {}
        }
    }

    /// Puts away what is open in the calendar.
    fn close(&mut self) {
        self.inner.clear();
        self.beyond = 0;
        match self.part.take() {
            Some(part) if part.is("VEVENT") => self.now.events.push(part),
            Some(part) if part.is("VTIMEZONE") => self.now.zones.push(part),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lines::unfold, *};

    /// Each event as `line:names`, with `!` where its END is missing.
    fn shape(text: &str) -> std::result::Result<Vec<String>, &'static str> {
        let lines: Vec<_> = unfold(text).collect();
        let calendars = calendars(&lines).map_err(|error| error.reason)?;
        let events = calendars.iter().flat_map(|calendar| &calendar.events);
        Ok(events
            .map(|event| {
                let values: Vec<&str> = event.lines.iter().map(|line| line.value).collect();
                format!("{}:{}{}", event.line, values.concat(), if event.is_whole { "" } else { "!" })
            })
            .collect())
    }

    fn of(lines: &str) -> std::result::Result<Vec<String>, &'static str> {
        shape(&lines.replace(' ', "\n"))
    }

    #[test]
    fn an_alarm_keeps_its_lines_to_itself() {
        let text = "BEGIN:VCALENDAR BEGIN:VEVENT X:a BEGIN:VALARM X:b END:VALARM X:c END:VEVENT END:VCALENDAR";
        assert_eq!(of(text), Ok(vec!["2:ac".to_owned()]));
    }

    #[test]
    fn a_missing_end_costs_that_event_alone() {
        let text = "BEGIN:VCALENDAR BEGIN:VEVENT X:a BEGIN:VEVENT X:b END:VEVENT END:NOTHING END:VCALENDAR";
        assert_eq!(of(text), Ok(vec!["2:a!".to_owned(), "4:b".to_owned()]));
        let text = "begin:vcalendar begin:vevent X:a begin:valarm end:vevent begin:vevent X:b end:vcalendar";
        assert_eq!(of(text), Ok(vec!["2:a!".to_owned(), "6:b!".to_owned()]));
    }

    #[test]
    fn a_text_may_hold_several_calendars_or_an_empty_one() {
        let text = "BEGIN:VCALENDAR END:VCALENDAR X:1 BEGIN:VCALENDAR BEGIN:VEVENT END:VEVENT END:VCALENDAR";
        assert_eq!(of(text), Ok(vec!["5:".to_owned()]));
        assert_eq!(of("BEGIN:VCALENDAR END:VCALENDAR"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_or_no_calendar_at_all_is_an_error() {
        for text in ["", "<html></html>", "BEGIN:VEVENT END:VEVENT", "END:VCALENDAR", "{}"] {
            assert_eq!(of(text), Err("NOT_A_CALENDAR"), "{text}");
        }
        for text in [
            "BEGIN:VCALENDAR",
            "BEGIN:VCALENDAR BEGIN:VEVENT X:1 END:VEVENT",
            "BEGIN:VCALENDAR BEGIN:VEVENT BEGIN:VCALENDAR END:VCALENDAR",
        ] {
            assert_eq!(of(text), Err("CALENDAR_CUT"), "{text}");
        }
    }

    #[test]
    fn a_million_nested_parts_are_no_trouble() {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}END:VCALENDAR", "BEGIN:X\n".repeat(100_000));
        assert_eq!(shape(&text), Ok(vec!["2:!".to_owned()]));
    }
}
