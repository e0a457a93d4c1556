//! How often an account's list is looked through although nobody asked: the net under everything, for an edge that was
//! down cannot say what it missed.

use chrono::Duration;

use crate::domain::{
    id::AccountId,
    time::{Timestamp, stored},
};

/// An account without calls is looked at ever more seldom, down to this.
const SELDOM: Duration = Duration::hours(6);

/// The setting of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// How often accounts with calls are looked at; none switches regular looks off.
    pub every: Option<Duration>,
}

impl Rhythm {
    /// When the next regular look is due. `quiet` looks listed no call; the account's id shifts the time by up to a
    /// quarter either way, so that accounts that were looked at together do not stay together.
    pub fn next(self, account: AccountId, quiet: u32, now: Timestamp) -> Timestamp {
        // While it is off, the setting is looked at as seldom.
        let every = self.every.unwrap_or(SELDOM).max(Duration::seconds(1));
        let factor = 1_i32 << quiet.min(10);
        let period = (every * factor).min(SELDOM.max(every));
        let shift = i32::from(account.uuid().as_u128() as u16);
        stored(now + period * 3 / 4 + (period / 2) * shift / i32::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample::at;

    fn account(number: u128) -> AccountId {
        AccountId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_busy_account_is_looked_at_as_set_and_a_quiet_one_ever_more_seldom() {
        let rhythm = Rhythm { every: Some(Duration::minutes(16)) };
        let now = at("2026-11-20T12:00:00Z");
        let minutes = |quiet| (rhythm.next(account(0), quiet, now) - now).num_minutes();
        assert_eq!([0, 1, 2, 3, 4, 5, 30].map(minutes), [12, 24, 48, 96, 192, 270, 270]);
    }

    #[test]
    fn accounts_are_spread_over_half_a_period() {
        let rhythm = Rhythm { every: Some(Duration::minutes(16)) };
        let now = at("2026-11-20T12:00:00Z");
        let mut times: Vec<_> = (0..=0xffff).step_by(0x1fff).map(|id| rhythm.next(account(id), 0, now)).collect();
        assert_eq!(times[0] - now, Duration::minutes(12));
        times.dedup();
        assert_eq!(times.len(), 9);
        let latest = rhythm.next(account(0xffff), 0, now) - now;
        assert!(latest <= Duration::minutes(20) && latest > Duration::minutes(19), "{latest}");
    }
}
