//! Takes connections and carries each over a line. With several lines it is a load balancer of the plainest kind: in turn,
//! and the next one when a connection cannot be made. A request that was sent is never sent again.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::link::{Link, reset_now};

/// A listener and its lines; its connections end with it.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Over these lines, in turn.
    pub async fn start(links: Vec<Arc<Link>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, serving: tokio::spawn(serve(listener, links)) })
    }

    /// As a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, links: Vec<Arc<Link>>) {
    let mut connections = JoinSet::new();
    for turn in 0_usize.. {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let first = turn % links.len().max(1);
        let in_turn: Vec<_> = links[first..].iter().chain(&links[..first]).map(Arc::clone).collect();
        connections.spawn(connection(client, in_turn));
    }
}

async fn connection(client: TcpStream, links: Vec<Arc<Link>>) {
    // Small writes must not wait for each other here: the lines between real machines have no Nagle of ours.
    if client.set_nodelay(true).is_err() {
        return;
    }
    for link in links {
        if let Ok(server) = link.connect().await {
            return link.carry(client, server).await;
        }
    }
    drop(reset_now(&client));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::soak::schedule::Trouble;

    /// Far more than loopback takes.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Answers each byte with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    drop(tokio::io::copy(&mut from, &mut to).await);
                });
            }
        });
        address
    }

    async fn line() -> (Arc<Link>, Proxy) {
        let link = Arc::new(Link::to(echo().await));
        let proxy = Proxy::start(vec![Arc::clone(&link)]).await.expect("a free port");
        (link, proxy)
    }

    async fn call(proxy: &Proxy) -> TcpStream {
        TcpStream::connect(proxy.address).await.expect("it listens")
    }

    async fn says(stream: &mut TcpStream, byte: u8) -> io::Result<u8> {
        stream.write_all(&[byte]).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn what_a_cut_line_held_back_arrives_when_it_is_whole_again() {
        for trouble in [Trouble::Cut, Trouble::CutTowards, Trouble::CutBack] {
            let (link, proxy) = line().await;
            let mut stream = call(&proxy).await;
            assert_eq!(says(&mut stream, 1).await.expect("it is whole"), 1);
            link.strike(trouble);
            let asking = tokio::spawn(async move { says(&mut stream, 2).await.expect("it only waited") });
            tokio::task::yield_now().await;
            assert!(!asking.is_finished());
            link.heal();
            assert_eq!(tokio::time::timeout(PATIENCE, asking).await.expect("soon").expect("no panic"), 2);
        }
    }

    #[tokio::test]
    async fn a_reset_ends_connections_and_refuses_new_ones_until_it_is_over() {
        let (link, proxy) = line().await;
        let mut stream = call(&proxy).await;
        assert_eq!(says(&mut stream, 1).await.expect("it is whole"), 1);
        link.strike(Trouble::Reset);
        let ended = tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("soon");
        assert_eq!(ended.expect_err("reset").kind(), io::ErrorKind::ConnectionReset);
        assert!(says(&mut call(&proxy).await, 1).await.is_err());
        link.heal();
        assert_eq!(says(&mut call(&proxy).await, 3).await.expect("it is whole again"), 3);
    }

    #[tokio::test]
    async fn a_half_open_connection_says_nothing_for_ever_while_a_new_one_works() {
        let (link, proxy) = line().await;
        let mut stream = call(&proxy).await;
        assert_eq!(says(&mut stream, 1).await.expect("it is whole"), 1);
        link.strike(Trouble::HalfOpen);
        link.heal();
        let dead = tokio::spawn(async move { says(&mut stream, 2).await });
        assert_eq!(says(&mut call(&proxy).await, 3).await.expect("a new one"), 3);
        assert!(!dead.is_finished());
        dead.abort();
    }

    #[tokio::test]
    async fn the_next_line_is_taken_when_one_cannot_be_connected() {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let gone = Arc::new(Link::to(nobody.local_addr().expect("bound")));
        drop(nobody);
        let there = Arc::new(Link::to(echo().await));
        let proxy = Proxy::start(vec![gone, there]).await.expect("a free port");
        for byte in 0..4 {
            assert_eq!(says(&mut call(&proxy).await, byte).await.expect("the other one"), byte);
        }
    }
}
