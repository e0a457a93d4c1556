//! What is done to the system and when: drawn from a seed, before anything runs. Pure; `nemesis` carries it out.

use std::{fmt, time::Duration};

use super::dice::Dice;

/// How many edges and how many control planes there are.
pub const PAIR: usize = 2;

/// A process of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// An edge.
    Edge(usize),
    /// A control plane.
    Plane(usize),
    /// The database server.
    Postgres,
}

/// A connection between two of them; its faulty side is a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// Twilio to an edge.
    Front(usize),
    /// An edge to a control plane.
    Hop(usize, usize),
    /// A control plane to the database.
    Database(usize),
    /// A control plane to Twilio's API.
    Vendor(usize),
}

/// What a line does to what is sent over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Everything is late by this.
    Delay(Duration),
    /// Nothing passes in either direction; afterwards everything does.
    Cut,
    /// Requests do not pass, answers do; afterwards everything does.
    CutTowards,
    /// Requests pass, answers do not; afterwards everything does.
    CutBack,
    /// Every connection is reset, new ones are refused.
    Reset,
    /// Every connection is dead and nobody is told, as when a firewall forgets it; new ones work.
    HalfOpen,
}

/// One thing that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9`; started again at the end.
    Kill(Member),
    /// `kill -9` of all control planes at once.
    KillPlanes,
    /// SIGSTOP; SIGCONT at the end.
    Freeze(Member),
    /// A line is in trouble.
    Line(Line, Trouble),
}

/// A blow, when it falls, and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Since the faults began.
    pub at: Duration,
    /// Until it is undone.
    pub lasts: Duration,
    /// What is done.
    pub blow: Blow,
}

impl Strike {
    /// When it is undone.
    pub fn end(&self) -> Duration {
        self.at + self.lasts
    }
}

/// Three tracks that know nothing of each other: kills, freezes, lines. Each deals its deck to the end before any card
/// comes twice, so that a short run has had one of everything it has time for.
pub fn draw(seed: u64, length: Duration) -> Vec<Strike> {
    let mut dice = Dice::new(seed);
    let mut strikes = kills(dice.fork(), length);
    let freezes = freezes(dice.fork(), length);
    strikes.iter_mut().for_each(|strike| spare_the_frozen(strike, &freezes));
    strikes.extend(freezes);
    strikes.extend(lines(dice.fork(), length));
    strikes.sort_by_key(|strike| strike.at);
    strikes
}

/// Lets the blows of one track fall until the time is over.
struct Track {
    dice: Dice,
    now: Duration,
    length: Duration,
    strikes: Vec<Strike>,
}

impl Track {
    fn new(dice: Dice, length: Duration) -> Self {
        Self { dice, now: Duration::ZERO, length, strikes: Vec::new() }
    }

    /// Whether there was time for it.
    fn strike(&mut self, rest: (f64, f64), lasts: (f64, f64), blow: Blow) -> bool {
        let at = self.now + self.dice.between(seconds(rest.0), seconds(rest.1));
        let lasts = self.dice.between(seconds(lasts.0), seconds(lasts.1));
        if at + lasts > self.length {
            return false;
        }
        self.now = at + lasts;
        self.strikes.push(Strike { at, lasts, blow });
        true
    }
}

fn kills(dice: Dice, length: Duration) -> Vec<Strike> {
    let mut track = Track::new(dice, length);
    loop {
        let members = (0..PAIR).flat_map(|one| [Member::Edge(one), Member::Plane(one)]).chain([Member::Postgres]);
        let mut deck: Vec<Blow> = members.map(Blow::Kill).chain([Blow::KillPlanes]).collect();
        track.dice.shuffle(&mut deck);
        for blow in deck {
            if !track.strike((2.0, 8.0), (0.2, 3.0), blow) {
                return track.strikes;
            }
        }
    }
}

/// Who is frozen is to wake up again, or nothing would ever be late: the other one of the pair is killed instead.
fn spare_the_frozen(kill: &mut Strike, freezes: &[Strike]) {
    let frozen = |member: Member| {
        let is_frozen = |freeze: &Strike| freeze.blow == Blow::Freeze(member);
        freezes.iter().any(|freeze| is_frozen(freeze) && freeze.at <= kill.end() && kill.at <= freeze.end())
    };
    let other = |one: usize| PAIR - 1 - one;
    kill.blow = match kill.blow {
        Blow::Kill(Member::Edge(edge)) if frozen(Member::Edge(edge)) => Blow::Kill(Member::Edge(other(edge))),
        Blow::Kill(Member::Plane(plane)) if frozen(Member::Plane(plane)) => Blow::Kill(Member::Plane(other(plane))),
        Blow::KillPlanes => match (0..PAIR).find(|plane| frozen(Member::Plane(*plane))) {
            Some(plane) => Blow::Kill(Member::Plane(other(plane))),
            None => Blow::KillPlanes,
        },
        blow => blow,
    };
}

/// A control plane sleeps for longer than a lease (30 s), an edge for longer than a control plane is waited for.
fn freezes(dice: Dice, length: Duration) -> Vec<Strike> {
    let mut track = Track::new(dice, length);
    loop {
        let one = track.dice.below(PAIR);
        let mut deck = [(Member::Plane(one), (31.0, 36.0)), (Member::Edge(one), (2.0, 12.0))];
        track.dice.shuffle(&mut deck);
        for (member, lasts) in deck {
            if !track.strike((2.0, 6.0), lasts, Blow::Freeze(member)) {
                return track.strikes;
            }
        }
    }
}

fn lines(dice: Dice, length: Duration) -> Vec<Strike> {
    let mut track = Track::new(dice, length);
    loop {
        let mut deck = every_line();
        track.dice.shuffle(&mut deck);
        for line in deck {
            let trouble = trouble(&mut track.dice, line);
            if !track.strike((1.0, 4.0), (0.5, 5.0), Blow::Line(line, trouble)) {
                return track.strikes;
            }
        }
    }
}

/// All lines there are.
pub fn every_line() -> Vec<Line> {
    let hops = (0..PAIR).flat_map(|edge| (0..PAIR).map(move |plane| Line::Hop(edge, plane)));
    (0..PAIR).flat_map(|one| [Line::Front(one), Line::Database(one), Line::Vendor(one)]).chain(hops).collect()
}

fn trouble(dice: &mut Dice, line: Line) -> Trouble {
    let delay = Trouble::Delay(dice.between(seconds(0.02), seconds(0.6)));
    // What is cut is delivered later. A write at Twilio that arrives after we have given it up and looked is a fault of
    // no one: it would hide the second writes that are one. There a request is lost for good, or its answer is.
    let all = [delay, Trouble::Reset, Trouble::HalfOpen, Trouble::Cut, Trouble::CutTowards, Trouble::CutBack];
    let usable = if matches!(line, Line::Vendor(_)) { 3 } else { all.len() };
    all[dice.below(usable)]
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

impl fmt::Display for Strike {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:7.3} s, {:6.3} s long: {:?}", self.at.as_secs_f64(), self.lasts.as_secs_f64(), self.blow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_seed_is_a_schedule_and_another_seed_another_one() {
        assert_eq!(draw(7, MINUTE), draw(7, MINUTE));
        assert_ne!(draw(7, MINUTE), draw(8, MINUTE));
    }

    #[test]
    fn a_longer_run_begins_like_a_shorter_one_of_the_same_seed() {
        let (short, long) = (kills(Dice::new(7), MINUTE), kills(Dice::new(7), 10 * MINUTE));
        assert_eq!(long[..short.len()], short);
    }

    #[test]
    fn in_a_minute_a_control_plane_sleeps_past_its_leases_and_everything_is_undone() {
        for seed in 0..200 {
            let strikes = draw(seed, MINUTE);
            assert!(strikes.iter().all(|strike| strike.end() <= MINUTE));
            let sleeps = |strike: &&Strike| matches!(strike.blow, Blow::Freeze(Member::Plane(_)));
            let longest = strikes.iter().filter(sleeps).map(|strike| strike.lasts).max();
            assert!(longest.is_some_and(|longest| longest > Duration::from_secs(30)), "seed {seed}");
            assert!(strikes.iter().any(|strike| matches!(strike.blow, Blow::Kill(_))), "seed {seed}");
            assert!(strikes.iter().any(|strike| matches!(strike.blow, Blow::Line(..))), "seed {seed}");
        }
    }

    #[test]
    fn in_ten_minutes_everything_is_killed_and_every_line_is_in_trouble() {
        let strikes = draw(1, 10 * MINUTE);
        let falls = |wanted: Blow| strikes.iter().any(|strike| strike.blow == wanted);
        assert!(
            [Member::Edge(0), Member::Edge(1), Member::Plane(0), Member::Plane(1), Member::Postgres]
                .into_iter()
                .all(|member| falls(Blow::Kill(member)))
        );
        assert!(falls(Blow::KillPlanes));
        let troubled = |line| strikes.iter().any(|strike| matches!(strike.blow, Blow::Line(hit, _) if hit == line));
        assert!(every_line().into_iter().all(troubled));
    }

    #[test]
    fn who_is_frozen_is_not_killed() {
        for seed in 0..50 {
            let strikes = draw(seed, 10 * MINUTE);
            for freeze in &strikes {
                let Blow::Freeze(member) = freeze.blow else { continue };
                let meanwhile = |kill: &&Strike| freeze.at <= kill.end() && kill.at <= freeze.end();
                let mut kills = strikes.iter().filter(meanwhile).map(|strike| strike.blow);
                let hits = |blow| {
                    blow == Blow::Kill(member) || (blow == Blow::KillPlanes && matches!(member, Member::Plane(_)))
                };
                assert!(!kills.any(hits), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_vendor_never_gets_a_request_late() {
        let late = |strike: &Strike| {
            matches!(strike.blow, Blow::Line(Line::Vendor(_), Trouble::Cut | Trouble::CutTowards | Trouble::CutBack))
        };
        assert!(!(0..50).flat_map(|seed| draw(seed, 10 * MINUTE)).any(|strike| late(&strike)));
    }
}
