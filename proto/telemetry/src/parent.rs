//! A place in a trace as it travels: W3C trace context, of sampled traces only. Nothing travels for the others.

use std::{fmt, str::FromStr};

/// Which trace, and which span of it caused what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// Never zero.
    pub trace_id: u128,
    /// Never zero.
    pub span_id: u64,
}

/// Not the header of a sampled trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSampled;

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl FromStr for TraceParent {
    type Err = NotSampled;

    /// `traceparent`. A later version may have more fields behind the flags; what is wrong counts as absent.
    fn from_str(text: &str) -> Result<Self, NotSampled> {
        let mut parts = text.split('-');
        let mut hex = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length).ok_or(NotSampled)?;
            let is_lower_hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_lower_hex.then_some(part).ok_or(NotSampled)
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let trace_id = u128::from_str_radix(trace, 16).map_err(|_| NotSampled)?;
        let span_id = u64::from_str_radix(span, 16).map_err(|_| NotSampled)?;
        let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        let is_whole = version != "ff" && (version != "00" || parts.next().is_none());
        let is_there = trace_id != 0 && span_id != 0;
        (is_sampled && is_whole && is_there).then_some(Self { trace_id, span_id }).ok_or(NotSampled)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotSampled, TraceParent};

    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_written_is_read_back() {
        let parent: TraceParent = SAMPLED.parse().expect("the example of the specification");
        assert_eq!((parent.span_id, parent.to_string().as_str()), (0x00f0_67aa_0ba9_02b7, SAMPLED));
    }

    #[test]
    fn only_a_sampled_trace_counts() {
        let without = |from: &str, to: &str| SAMPLED.replace(from, to).parse::<TraceParent>();
        assert_eq!(without("-01", "-00"), Err(NotSampled));
        assert_eq!(without("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)), Err(NotSampled));
        assert_eq!(without("00f067aa0ba902b7", &"0".repeat(16)), Err(NotSampled));
        for broken in ["", "00", "00-1-2-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
            assert_eq!(broken.parse::<TraceParent>(), Err(NotSampled), "{broken}");
        }
        assert_eq!(format!("{SAMPLED}-more").parse::<TraceParent>(), Err(NotSampled));
        assert_eq!(without("4bf9", "4BF9"), Err(NotSampled), "the header is in lower case");
    }

    #[test]
    fn a_later_version_may_say_more() {
        assert!(format!("01{}-more", &SAMPLED[2..]).parse::<TraceParent>().is_ok());
    }
}
