//! Why an event of a feed is not read, in words fit to show: nothing of the feed but the name of a time zone.

use std::fmt;

/// An event that is not among the occurrences, or not with all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The calendar's name of the event; empty if it has none.
    pub uid: String,
    /// The line of the feed on which it begins.
    pub line: usize,
    /// Why.
    pub why: Why,
}

/// Why an event is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It lasts whole days: there is no time to call before.
    AllDay,
    /// The feed holds a later version of it.
    Superseded,
    /// Nothing says where it ends.
    Unfinished,
    /// It has no UID, or one that is too long to be kept.
    NoUid,
    /// It has no DTSTART.
    NoStart,
    /// A property cannot be read.
    Unreadable(&'static str),
    /// It ends before it begins.
    EndsEarly,
    /// Its time zone is neither known by name nor defined in the feed.
    UnknownZone(String),
    /// It uses what is not supported.
    Unsupported(&'static str),
    /// It repeats too often to be followed to the end of the window.
    TooOften,
}

impl Why {
    /// Whether the event may well take place as it was known: then what is missing of it is not called off.
    pub fn is_in_doubt(&self) -> bool {
        !matches!(self, Self::AllDay | Self::Superseded)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllDay => f.write_str("it lasts whole days: there is no time to call before"),
            Self::Superseded => f.write_str("the feed holds a later version of it"),
            Self::Unfinished => f.write_str("its `END:VEVENT`, or that of a part of it, is missing"),
            Self::NoUid => f.write_str("it has no UID that can be kept"),
            Self::NoStart => f.write_str("it has no DTSTART"),
            Self::Unreadable(property) => write!(f, "its {property} cannot be read"),
            Self::EndsEarly => f.write_str("it ends before it begins"),
            Self::UnknownZone(name) => {
                write!(f, "its time zone `{name}` is neither an IANA or Windows name nor defined")
            }
            Self::Unsupported(what) => write!(f, "it uses {what}, which is not supported"),
            Self::TooOften => f.write_str("it repeats too often to be followed to the end"),
        }
    }
}
