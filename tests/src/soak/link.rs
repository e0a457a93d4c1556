//! One line between two processes: carries connections, and does to them what it is told to. Knows no protocol.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::schedule::Trouble;

/// The state of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Condition {
    delay: Duration,
    towards_cut: bool,
    back_cut: bool,
    refuses: bool,
    /// Connections from before were reset.
    resets: u64,
    /// Connections from before are dead, and nobody knows.
    losses: u64,
}

/// A line to `upstream`.
pub struct Link {
    upstream: SocketAddr,
    condition: watch::Sender<Condition>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Towards,
    Back,
}

impl Condition {
    fn is_open(&self, way: Way) -> bool {
        match way {
            Way::Towards => !self.towards_cut,
            Way::Back => !self.back_cut,
        }
    }
}

impl Link {
    /// A line without trouble.
    pub fn to(upstream: SocketAddr) -> Self {
        Self { upstream, condition: watch::Sender::default() }
    }

    /// Trouble begins.
    pub fn strike(&self, trouble: Trouble) {
        self.condition.send_modify(|condition| match trouble {
            Trouble::Delay(delay) => condition.delay = delay,
            Trouble::Cut => (condition.towards_cut, condition.back_cut) = (true, true),
            Trouble::CutTowards => condition.towards_cut = true,
            Trouble::CutBack => condition.back_cut = true,
            Trouble::Reset => {
                condition.refuses = true;
                condition.resets += 1;
            }
            Trouble::HalfOpen => condition.losses += 1,
        });
    }

    /// Trouble is over: what was held back goes on, what was lost stays lost.
    pub fn heal(&self) {
        self.condition.send_modify(|condition| {
            *condition = Condition { resets: condition.resets, losses: condition.losses, ..Condition::default() };
        });
    }

    /// A connection to the other side; waits while the line is cut, as a SYN that is lost is repeated.
    pub async fn connect(&self) -> io::Result<TcpStream> {
        if self.condition.borrow().refuses {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let mut condition = self.condition.subscribe();
        let open = condition.wait_for(|now| now.is_open(Way::Towards) && now.is_open(Way::Back)).await;
        open.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        let stream = TcpStream::connect(self.upstream).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Carries a connection to its end.
    pub async fn carry(&self, mut client: TcpStream, mut server: TcpStream) {
        let mut condition = self.condition.subscribe();
        let born = *condition.borrow_and_update();
        let mut reset = self.condition.subscribe();
        let is_reset = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let both = async {
                tokio::join!(
                    pump(from_client, to_server, Way::Towards, born, condition.clone()),
                    pump(from_server, to_client, Way::Back, born, condition.clone()),
                )
            };
            tokio::select! {
                _ = both => false,
                _ = reset.wait_for(|now| now.resets != born.resets) => true,
            }
        };
        if is_reset {
            drop([reset_now(&client), reset_now(&server)]);
        }
    }
}

/// Makes the close a RST.
pub fn reset_now(stream: &TcpStream) -> io::Result<()> {
    stream.set_zero_linger()
}

/// One direction until its end. An end that cannot be passed on is kept back like everything else.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    way: Way,
    born: Condition,
    mut condition: watch::Receiver<Condition>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await.unwrap_or(0);
        let passable = |now: &Condition| now.is_open(way) || now.losses != born.losses;
        let Ok(now) = condition.wait_for(passable).await.map(|now| *now) else { return };
        if now.losses != born.losses {
            return swallow(from, count).await;
        }
        if !now.delay.is_zero() {
            tokio::time::sleep(now.delay).await;
        }
        if count == 0 || to.write_all(&buffer[..count]).await.is_err() {
            // The other side may be gone already.
            drop(to.shutdown().await);
            return;
        }
    }
}

/// A dead connection takes everything and passes on nothing, not even its end.
async fn swallow(mut from: ReadHalf<'_>, last: usize) {
    let (mut buffer, mut count) = (vec![0; 1024], last);
    while count > 0 {
        count = from.read(&mut buffer).await.unwrap_or(0);
    }
}
