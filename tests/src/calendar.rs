//! A calendar that somebody publishes: one feed with an ETag, over plain HTTP, that can break. Speaks just enough HTTP.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use callplane_control_plane::domain::time::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What only those may know who may read the calendar.
pub const SECRET: &str = "private-5ecret";

#[derive(Default)]
struct Published {
    body: String,
    version: u32,
    status: Option<u16>,
    /// The answers, in order.
    answers: Vec<u16>,
}

/// A published calendar.
pub struct Calendar {
    /// Where it is.
    pub url: String,
    published: Arc<Mutex<Published>>,
}

impl Calendar {
    /// One with these events.
    pub async fn of(events: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/{SECRET}/basic.ics", listener.local_addr().expect("bound"));
        let published = Arc::new(Mutex::new(Published::default()));
        let shared = Arc::clone(&published);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever hangs up is not answered.
                let _gone = answer(stream, &shared).await;
            }
        });
        let calendar = Self { url, published };
        calendar.publish(events);
        calendar
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        lock(&self.published)
    }

    /// Holds these events from now on.
    pub fn publish(&self, events: &[String]) {
        let mut published = self.published();
        published.body = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.concat());
        published.version += 1;
        published.status = None;
    }

    /// Answers with this status from now on.
    pub fn breaks(&self, status: u16) {
        self.published().status = Some(status);
    }

    /// Answers with the calendar again.
    pub fn recovers(&self) {
        self.published().status = None;
    }

    /// The answers so far, in order, by status.
    pub fn answers(&self) -> Vec<u16> {
        self.published().answers.clone()
    }
}

fn lock(published: &Mutex<Published>) -> MutexGuard<'_, Published> {
    published.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(mut stream: TcpStream, published: &Mutex<Published>) -> io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    let asked = String::from_utf8_lossy(&asked).to_ascii_lowercase();
    let reply = reply(&asked, &mut lock(published));
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

fn reply(asked: &str, published: &mut Published) -> String {
    let etag = format!("\"v{}\"", published.version);
    let is_known = asked.contains(&format!("if-none-match: {etag}"));
    let (status, body) = match published.status {
        Some(status) => (status, ""),
        None if is_known => (304, ""),
        None => (200, published.body.as_str()),
    };
    published.answers.push(status);
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nETag: {etag}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// An event, its lines parted by `|`.
pub fn event(uid: &str, start: Timestamp, lines: &str) -> String {
    let start = start.format("DTSTART:%Y%m%dT%H%M%SZ");
    format!("BEGIN:VEVENT\nUID:{uid}\n{start}\nDURATION:PT30M\n{}\nEND:VEVENT\n", lines.replace('|', "\n"))
        .replace('\n', "\r\n")
}
