//! Rows by SID in the order they were made: what every collection of the simulated vendors is.

use std::collections::{BTreeMap, HashMap};

#[derive(Debug)]
pub struct Table<T> {
    rows: BTreeMap<u64, T>,
    places: HashMap<String, u64>,
    next: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), places: HashMap::new(), next: 0 }
    }
}

impl<T> Table<T> {
    /// A row with the same SID is replaced in its place.
    pub fn put(&mut self, sid: &str, row: T) {
        let next = &mut self.next;
        let place = *self.places.entry(sid.to_owned()).or_insert_with(|| {
            *next += 1;
            *next
        });
        self.rows.insert(place, row);
    }

    pub fn get(&self, sid: &str) -> Option<&T> {
        self.places.get(sid).and_then(|place| self.rows.get(place))
    }

    pub fn get_mut(&mut self, sid: &str) -> Option<&mut T> {
        self.places.get(sid).and_then(|place| self.rows.get_mut(place))
    }

    pub fn remove(&mut self, sid: &str) -> Option<T> {
        self.places.remove(sid).and_then(|place| self.rows.remove(&place))
    }

    pub fn oldest_first(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// The order of Twilio's lists.
    pub fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.rows.values().rev()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.values_mut()
    }
}
