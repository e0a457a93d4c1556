//! A proxy in front of PostgreSQL that betrays some transactions: their COMMIT becomes a ROLLBACK, and the client is told
//! that it was committed. What a database with `fsync` off, or a driver with a bug, would do to us.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::{JoinHandle, JoinSet},
};

use super::wire::{Message, Messages};

/// The proxy; its connections end with it.
pub struct Turncoat {
    /// Where it listens.
    pub address: SocketAddr,
    plot: Arc<Plot>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Plot {
    /// Transactions that hold this are betrayed.
    victim: Mutex<Option<Vec<u8>>>,
    betrayed: AtomicUsize,
}

impl Turncoat {
    /// In front of this server.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, plot) = (listener.local_addr()?, Arc::new(Plot::default()));
        Ok(Self { address, serving: tokio::spawn(serve(listener, server, Arc::clone(&plot))), plot })
    }

    /// Every transaction with these bytes in one of its messages is undone from now on: a webhook may be stored by the
    /// second control plane when the first one was slow.
    pub fn betray(&self, bytes: &[u8]) {
        *self.plot.victim.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
    }

    /// How many transactions were undone.
    pub fn betrayed(&self) -> usize {
        self.plot.betrayed.load(Ordering::SeqCst)
    }
}

impl Drop for Turncoat {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, plot: Arc<Plot>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let plot = Arc::clone(&plot);
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(server).await else { return };
            // A message at a time is a packet at a time: with Nagle each would wait for the one before.
            if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
                return;
            }
            let lying = AtomicBool::new(false);
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            tokio::select! {
                _ = ask(from_client, to_server, &plot, &lying) => {}
                _ = answer(from_server, to_client, &lying) => {}
            }
        });
    }
}

/// What the client says; a marked transaction ends with the opposite of what it wants.
async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, plot: &Plot, lying: &AtomicBool) -> io::Result<()> {
    let (mut messages, mut buffer, mut marked) = (Messages::of_client(), vec![0; 16 * 1024], false);
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        for message in messages.take(&buffer[..count]) {
            marked |= plot.is_about(&message);
            if message.is_commit() && std::mem::take(&mut marked) {
                plot.betrayed.fetch_add(1, Ordering::SeqCst);
                lying.store(true, Ordering::SeqCst);
                to.write_all(&Message::rollback().bytes()).await?;
            } else {
                to.write_all(&message.bytes()).await?;
            }
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lying: &AtomicBool) -> io::Result<()> {
    let (mut messages, mut buffer) = (Messages::of_server(), vec![0; 16 * 1024]);
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        for message in messages.take(&buffer[..count]) {
            let told = match message.says_rolled_back() && lying.swap(false, Ordering::SeqCst) {
                true => Message::committed(),
                false => message,
            };
            to.write_all(&told.bytes()).await?;
        }
    }
}

impl Plot {
    fn is_about(&self, message: &Message) -> bool {
        let victim = self.victim.lock().unwrap_or_else(PoisonError::into_inner);
        victim.as_deref().is_some_and(|victim| message.holds(victim))
    }
}
