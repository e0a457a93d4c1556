//! How many webhooks may wait for the writer, by class: when there is little room left, callbacks are turned away first and
//! callers last. Knows no queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::webhook::Class;

/// Beyond this, waiting would outlast the edge's patience.
const WAITING: usize = 4096;

/// Counts who waits.
#[derive(Debug, Default)]
pub struct Room(AtomicUsize);

impl Room {
    /// Takes a place if this class may have one now.
    pub fn take(&self, class: Class) -> bool {
        let next = |occupied| (occupied < most(class)).then_some(occupied + 1);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
    }

    /// Gives places back.
    pub fn leave(&self, count: usize) {
        self.0.fetch_sub(count, Ordering::AcqRel);
    }

    /// How many places are taken.
    pub fn occupied(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

fn most(class: Class) -> usize {
    match class {
        Class::Callback => WAITING / 2,
        Class::Message => WAITING / 4 * 3,
        Class::Caller => WAITING,
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, WAITING};
    use crate::domain::webhook::Class;

    fn fill(room: &Room, class: Class) -> usize {
        std::iter::repeat_with(|| room.take(class)).take_while(|taken| *taken).count()
    }

    #[test]
    fn callbacks_are_turned_away_first_and_callers_last() {
        let room = Room::default();
        let taken = [Class::Callback, Class::Message, Class::Caller].map(|class| fill(&room, class));
        assert_eq!(taken, [WAITING / 2, WAITING / 4, WAITING / 4]);
        assert_eq!(room.occupied(), WAITING);
        room.leave(1);
        assert!(!room.take(Class::Callback) && !room.take(Class::Message) && room.take(Class::Caller));
    }
}
