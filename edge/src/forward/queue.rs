//! Webhooks that wait for a control plane, by whose patience is shortest: callers leave first, and what nobody hears is
//! refused first when there is too much. Bounded; pure.

use std::collections::VecDeque;

/// Who waits for the answer. The order is that of patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Somebody is on the line.
    Caller,
    /// Somebody has written, and may be answered a little later.
    Message,
    /// Nobody hears the answer, and Twilio repeats what was refused.
    Callback,
}

/// Beyond this, waiting would outlast Twilio's patience.
pub const MOST: usize = 1024;

impl Class {
    /// Every one, in its order.
    pub const ALL: [Self; 3] = [Self::Caller, Self::Message, Self::Callback];

    /// The class's name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Message => "message",
            Self::Callback => "callback",
        }
    }

    /// How long the queue may be for one more of this class.
    fn share(self) -> usize {
        match self {
            Self::Caller => MOST,
            Self::Message => MOST / 4 * 3,
            Self::Callback => MOST / 2,
        }
    }
}

/// Items in the order of their arrival within each class. Webhooks of one call may overtake each other between classes:
/// Twilio itself sends statuses beside the requests for instructions and does not wait for them, and a control plane makes
/// the same of them in any order.
#[derive(Debug)]
pub struct Queue<T> {
    callers: VecDeque<T>,
    messages: VecDeque<T>,
    callbacks: VecDeque<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { callers: VecDeque::new(), messages: VecDeque::new(), callbacks: VecDeque::new() }
    }
}

impl<T> Queue<T> {
    /// How many wait, by class.
    pub fn lengths(&self) -> [usize; Class::ALL.len()] {
        [self.callers.len(), self.messages.len(), self.callbacks.len()]
    }

    fn len(&self) -> usize {
        self.lengths().iter().sum()
    }

    /// Takes one in, unless the queue is too long for its class. Whoever is not `wanted` any more makes room before.
    pub fn push(&mut self, class: Class, item: T, wanted: impl Fn(&T) -> bool) -> Result<(), T> {
        if self.len() >= class.share() {
            for lane in [&mut self.callers, &mut self.messages, &mut self.callbacks] {
                lane.retain(&wanted);
            }
            if self.len() >= class.share() {
                return Err(item);
            }
        }
        let lane = match class {
            Class::Caller => &mut self.callers,
            Class::Message => &mut self.messages,
            Class::Callback => &mut self.callbacks,
        };
        lane.push_back(item);
        Ok(())
    }

    /// The next ones to go. A quarter is kept for those without a caller, so that a rush of calls cannot hold them up for ever.
    pub fn take(&mut self, most: usize) -> Vec<T> {
        let kept = (self.messages.len() + self.callbacks.len()).min(most / 4);
        let mut taken = Vec::with_capacity(most.min(self.len()));
        for (lane, room) in [(&mut self.callers, most - kept), (&mut self.messages, most), (&mut self.callbacks, most)]
        {
            let count = lane.len().min(room.saturating_sub(taken.len()));
            taken.extend(lane.drain(..count));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, MOST, Queue};

    fn fill(queue: &mut Queue<usize>, class: Class, count: usize) -> usize {
        (0..count).filter(|index| queue.push(class, *index, |_| true).is_ok()).count()
    }

    #[test]
    fn callbacks_are_refused_first_and_callers_last() {
        let mut queue = Queue::default();
        assert_eq!(fill(&mut queue, Class::Callback, MOST), MOST / 2);
        assert_eq!(fill(&mut queue, Class::Message, MOST), MOST / 4);
        assert_eq!(fill(&mut queue, Class::Callback, 1), 0);
        assert_eq!(fill(&mut queue, Class::Caller, MOST), MOST / 4);
        assert_eq!(queue.len(), MOST);
    }

    #[test]
    fn callers_overtake_everybody_and_hold_up_nobody_for_ever() {
        let mut queue = Queue::default();
        for (index, class) in [Class::Callback, Class::Message, Class::Caller, Class::Callback].into_iter().enumerate()
        {
            queue.push(class, index, |_| true).expect("room");
        }
        assert_eq!(queue.take(64), [2, 1, 0, 3]);
        fill(&mut queue, Class::Caller, 100);
        for index in 100..130 {
            queue.push(Class::Callback, index, |_| true).expect("room");
        }
        let first: Vec<usize> = (0..48).chain(100..116).collect();
        assert_eq!(queue.take(64), first);
        let second: Vec<usize> = (48..96).chain(116..130).collect();
        assert_eq!(queue.take(62), second);
        assert_eq!(queue.take(64), [96, 97, 98, 99]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn whoever_has_given_up_makes_room() {
        let mut queue = Queue::default();
        assert_eq!(fill(&mut queue, Class::Caller, MOST), MOST);
        assert!(queue.push(Class::Caller, 7, |_| true).is_err());
        assert!(queue.push(Class::Caller, 7, |item| *item >= 10).is_ok());
        assert_eq!(queue.len(), MOST - 10 + 1);
    }
}
