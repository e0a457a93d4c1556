//! A range of whole numbers, for integers and for durations in nanoseconds.

/// Bounds, inclusive.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Range {
    pub(super) least: Option<i128>,
    pub(super) most: Option<i128>,
}

impl Range {
    pub(super) fn holds(&self, value: i128) -> bool {
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!((self.least, self.most), (Some(least), Some(most)) if least > most)
    }

    /// What would be right.
    pub(super) fn words(&self, show: fn(i128) -> String) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) => format!("expected {} to {}", show(least), show(most)),
            (Some(least), None) => format!("expected at least {}", show(least)),
            (None, Some(most)) => format!("expected at most {}", show(most)),
            (None, None) => String::new(),
        }
    }
}

/// A count.
pub(super) fn plain(value: i128) -> String {
    value.to_string()
}

/// Nanoseconds as seconds, such as `1.5 s`.
pub(super) fn seconds(nanos: i128) -> String {
    const SECOND: i128 = 1_000_000_000;
    let (sign, whole, rest) = (if nanos < 0 { "-" } else { "" }, (nanos / SECOND).abs(), (nanos % SECOND).abs());
    match rest {
        0 => format!("{sign}{whole} s"),
        _ => format!("{sign}{whole}.{} s", format!("{rest:09}").trim_end_matches('0')),
    }
}
