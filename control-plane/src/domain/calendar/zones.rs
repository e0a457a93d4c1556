//! The time zones a calendar names: by IANA or Windows name, or by its own definition. Not understood: names that are
//! only shown to people, such as `(UTC+01:00) Amsterdam, Berlin`, where the calendar does not define them.

use std::{collections::HashMap, rc::Rc};

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::{
    expand::Work, lines::kept, observance::Observances, parts::Part, place::Place, values::When, why::Why, windows,
};
use crate::domain::zone::Zone;

/// Long enough for every zone there is.
const LONGEST_NAME: usize = 64;

/// The time zones of one calendar.
pub(super) struct Zones<'a> {
    defined: HashMap<&'a str, &'a Part<'a>>,
    floating: Place,
    /// How far a definition is followed.
    until: NaiveDateTime,
    seen: HashMap<String, Option<Place>>,
}

impl<'a> Zones<'a> {
    /// `default` is where a time without a zone is meant.
    pub fn new(defined: &'a [Part<'a>], default: Zone, until: NaiveDateTime) -> Self {
        let named = |part: &'a Part<'a>| Some((part.first("TZID")?.value.trim(), part));
        let defined = defined.iter().filter_map(named).collect();
        Self { defined, floating: Place::Named(default.tz()), until, seen: HashMap::new() }
    }

    /// Where a local time of that TZID is meant; without one anywhere, which is the default zone.
    pub fn place(&mut self, id: Option<&str>, work: &mut Work) -> Result<Place, Why> {
        let Some(id) = id else { return Ok(self.floating.clone()) };
        if !self.seen.contains_key(id) {
            let place = self.find(id, work);
            self.seen.insert(id.to_owned(), place);
        }
        self.seen.get(id).cloned().flatten().ok_or_else(|| Why::UnknownZone(shown(id)))
    }

    /// A date or a time with the clock it is read on.
    pub fn spot(&mut self, when: When, id: Option<&str>, work: &mut Work) -> Result<(When, Place), Why> {
        match when {
            When::Utc(_) => Ok((when, Place::Named(Tz::UTC))),
            When::Day(_) | When::Local(_) => Ok((when, self.place(id, work)?)),
        }
    }

    /// A known name goes before the calendar's own definition, which is rarely up to date.
    fn find(&self, id: &str, work: &mut Work) -> Option<Place> {
        if let Some(zone) = named(id) {
            return Some(Place::Named(zone));
        }
        let part = self.defined.get(id).filter(|part| part.is_whole)?;
        let location = part.first("X-LIC-LOCATION").and_then(|line| named(line.value.trim()));
        match location {
            Some(zone) => Some(Place::Named(zone)),
            None => Some(Place::Defined(Rc::new(Observances::read(part, self.until, work)?))),
        }
    }
}

/// The zone of an IANA name, of a Windows name, or of a path that ends in an IANA name, as Mozilla's and Evolution's do.
fn named(id: &str) -> Option<Tz> {
    let path = || {
        let starts = id.strip_prefix('/')?.match_indices('/').map(|(at, _)| at + 2);
        starts.into_iter().find_map(|start| id.get(start..)?.parse().ok())
    };
    id.parse().ok().or_else(|| windows::zone(id)).or_else(path)
}

/// The name of a zone that nobody knows, without what no name of a zone holds.
fn shown(id: &str) -> String {
    let is_plain = |letter: &char| letter.is_alphanumeric() || " /_+-.,:()".contains(*letter);
    kept(&id.chars().filter(is_plain).collect::<String>(), LONGEST_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_every_name_that_calendars_use() {
        for (id, iana) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            ("Etc/GMT-2", "Etc/GMT-2"),
            ("Romance Standard Time", "Europe/Paris"),
            ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
            ("/mozilla.org/20050126_1/America/Argentina/Salta", "America/Argentina/Salta"),
        ] {
            assert_eq!(named(id).map(|zone| zone.name()), Some(iana), "{id}");
        }
        for unknown in ["", "/", "//", "/é/é", "Berlin", "(UTC+01:00) Amsterdam, Berlin"] {
            assert_eq!(named(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_name_of_an_unknown_zone_is_shown_and_nothing_else() {
        assert_eq!(shown("Middle-earth/Bree <bilbo@shire.example>\u{7}"), "Middle-earth/Bree bilboshire.example");
        assert_eq!(shown(&"x".repeat(1000)).len(), LONGEST_NAME);
    }
}
