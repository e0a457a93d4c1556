//! What was aimed at and what was measured, one line each.

use std::fmt;

/// More than this of the machine used by others, and a figure says as much of them as of us.
const NOISE: f64 = 0.1;

/// A figure with a limit.
pub struct Aim {
    /// What it is.
    pub what: String,
    /// The limit.
    pub wanted: Wanted,
    /// The figure.
    pub measured: f64,
    /// How much of the machine others used meanwhile, 0 to 1.
    pub others: f64,
}

/// Which side of the limit is meant.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Aim {
    fn is_met(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(limit) => self.measured >= limit,
            Wanted::AtMost(limit) => self.measured <= limit,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, wanted, measured, others } = self;
        let wanted = match wanted {
            Wanted::AtLeast(limit) => format!("at least {limit}"),
            Wanted::AtMost(limit) => format!("at most {limit}"),
        };
        let verdict = if self.is_met() { "met" } else { "missed" };
        write!(f, "aim {what}, {wanted}: measured {measured:.3}, {verdict}")?;
        if *others > NOISE {
            write!(f, " (others used {:.0} % of the machine)", 100.0 * others)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Aim, Wanted};

    #[test]
    fn a_line_says_the_figure_the_verdict_and_the_noise() {
        let aim = |wanted, others| Aim { what: "edge of bare".to_owned(), wanted, measured: 0.75, others };
        let line = aim(Wanted::AtLeast(0.7), 0.02).to_string();
        assert_eq!(line, "aim edge of bare, at least 0.7: measured 0.750, met");
        let line = aim(Wanted::AtMost(0.7), 0.25).to_string();
        assert_eq!(line, "aim edge of bare, at most 0.7: measured 0.750, missed (others used 25 % of the machine)");
    }

    #[test]
    fn what_could_not_be_measured_is_missed() {
        let aim = Aim { what: String::new(), wanted: Wanted::AtMost(1.0), measured: f64::NAN, others: 0.0 };
        assert!(aim.to_string().ends_with("missed"));
    }
}
