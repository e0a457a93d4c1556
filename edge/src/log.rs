//! Log lines about what strangers send: explained, but not more than a few a second of one kind.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

/// Lines of one kind in one window.
const LINES: u64 = 20;
const WINDOW: Duration = Duration::from_secs(1);

struct Window {
    since: Instant,
    seen: u64,
    suppressed: u64,
}

/// Decides whether a line is written.
#[derive(Default)]
pub struct Sampler {
    windows: Mutex<HashMap<&'static str, Window>>,
}

impl Sampler {
    /// The next line of this kind would be written.
    pub fn would_admit(&self, kind: &'static str, now: Instant) -> bool {
        let windows = self.windows.lock().expect("nobody panics while holding the windows");
        let full = |window: &Window| window.seen >= LINES && now.saturating_duration_since(window.since) < WINDOW;
        !windows.get(kind).is_some_and(full)
    }

    /// Write it, and say how many like it were left out before; or leave it out.
    pub fn admit(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut windows = self.windows.lock().expect("nobody panics while holding the windows");
        let window = windows.entry(kind).or_insert(Window { since: now, seen: 0, suppressed: 0 });
        if now.saturating_duration_since(window.since) >= WINDOW {
            window.since = now;
            window.seen = 0;
        }
        window.seen += 1;
        if window.seen > LINES {
            window.suppressed += 1;
            return None;
        }
        Some(std::mem::take(&mut window.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{LINES, Sampler};

    #[tokio::test]
    async fn a_flood_of_one_kind_is_counted_instead_of_written() {
        let (sampler, start) = (Sampler::default(), Instant::now());
        for _ in 0..LINES {
            assert_eq!(sampler.admit("unknown account", start), Some(0));
        }
        assert_eq!(sampler.admit("unknown account", start), None);
        assert_eq!(sampler.admit("wrong method", start), Some(0));
        assert_eq!(sampler.admit("unknown account", start + Duration::from_secs(1)), Some(1));
    }
}
