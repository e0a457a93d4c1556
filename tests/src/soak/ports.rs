//! Addresses that a process can come back to: outside the range that the system hands out to whoever connects, or a port
//! would be taken by a passing connection while its owner is down.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

const LOWEST: u16 = 12_000;
const USUAL_END: u16 = 32_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address that nobody listens on, and nobody will get by chance.
pub fn lasting_address() -> io::Result<SocketAddr> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let end = range.split_whitespace().next().and_then(|low| low.parse().ok()).unwrap_or(USUAL_END);
    let room = end.max(LOWEST + 1000) - LOWEST;
    // Runs beside each other begin at different places.
    let begin = u16::try_from(std::process::id() % u32::from(room)).unwrap_or_default();
    for _ in 0..room {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = LOWEST + begin.wrapping_add(turn) % room;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr();
        }
    }
    Err(io::Error::other("no port is free"))
}
