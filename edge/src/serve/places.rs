//! How many connections there may be, in all and from one address. A place is given back when it is dropped.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use crate::{metrics::Metrics, settings::Limits};

/// Counts connections.
pub struct Places {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place.
pub struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

const UNPOISONED: &str = "nobody panics while counting connections";

impl Places {
    pub fn new(limits: &Limits, metrics: Arc<Metrics>) -> Arc<Self> {
        let (most, most_per_address) = (limits.connections, limits.connections_per_address);
        Arc::new(Self { most, most_per_address, taken: Mutex::default(), metrics })
    }

    /// A place, or which bound is reached.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, &'static str> {
        let address = network(address);
        let mut taken = self.taken.lock().expect(UNPOISONED);
        if taken.all >= self.most {
            return Err("all_connections");
        }
        let from_there = taken.by_address.entry(address).or_default();
        if *from_there >= self.most_per_address {
            return Err("connections_of_one_address");
        }
        *from_there += 1;
        taken.all += 1;
        self.metrics.connection(1);
        Ok(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().expect(UNPOISONED);
        taken.all -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        self.places.metrics.connection(-1);
    }
}

/// Whoever has one IPv6 address has the 64 bits behind it too.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (!0 << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Places;
    use crate::settings::Limits;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
        let places = Places::new(&limits, Default::default());
        let first = places.take(ip("192.0.2.1")).expect("free");
        let _second = places.take(ip("::ffff:192.0.2.1")).expect("free");
        assert_eq!(places.take(ip("192.0.2.1")).err(), Some("connections_of_one_address"));
        let _third = places.take(ip("192.0.2.2")).expect("free");
        assert_eq!(places.take(ip("192.0.2.3")).err(), Some("all_connections"));
        drop(first);
        assert!(places.take(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let limits = Limits { connections_per_address: 1, ..Limits::default() };
        let places = Places::new(&limits, Default::default());
        let _one = places.take(ip("2001:db8::1")).expect("free");
        assert!(places.take(ip("2001:db8::2")).is_err());
        assert!(places.take(ip("2001:db8:0:1::1")).is_ok());
    }
}
