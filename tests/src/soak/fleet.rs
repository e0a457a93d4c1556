//! Everything as real processes with a faulty line between any two: two edges behind a load balancer, two control planes,
//! PostgreSQL, and the simulated Twilio.

use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::Path, sync::Arc};

use callplane_simulator::Client;
use tempfile::TempDir;

use super::{
    Failure,
    link::Link,
    ports::lasting_address,
    postgres::Postgres,
    process::Signal,
    proxy::Proxy,
    schedule::{Line, Member, PAIR},
    seat::Seat,
    turncoat::Turncoat,
};
use crate::{
    Api,
    binaries::{self, run},
    settings::{PUBLIC_URL, Variables},
};

/// All processes and lines.
pub struct Fleet {
    /// The database server.
    pub postgres: Postgres,
    /// Twilio, past every line.
    pub twilio: Client,
    /// Where Twilio's webhooks go: to either edge.
    pub front: Proxy,
    /// The control planes.
    pub planes: Vec<Seat>,
    /// The edges.
    pub edges: Vec<Seat>,
    /// Twilio's process.
    pub simulator: Seat,
    /// Asks each control plane, past every line.
    pub operators: Vec<Api>,
    /// Undoes a transaction on request; only in the fleet that has one.
    pub turncoat: Option<Turncoat>,
    links: BTreeMap<Line, Arc<Link>>,
    _proxies: Vec<Proxy>,
    _folder: TempDir,
}

/// What is different from fleet to fleet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Control planes reach the database through a proxy that can undo a commit.
    pub betrayed: bool,
}

impl Fleet {
    /// Starts everything and waits until webhooks can be taken.
    pub async fn start(manner: Manner) -> Result<Self, Failure> {
        let postgres = Postgres::start().await?;
        let folder = tempfile::Builder::new().prefix("callplane-soak-").tempdir()?;
        let (simulator, vendor) = start_simulator(folder.path()).await?;
        let turncoat = match manner.betrayed {
            true => Some(Turncoat::start(postgres.address).await?),
            false => None,
        };
        let mut lines = Lines::default();
        let planes = plan_planes(&mut lines, &postgres, turncoat.as_ref(), vendor, folder.path()).await?;
        for plane in &planes.seats {
            plane.start().await?;
            // One after the other: the first one migrates.
            plane.ready().await?;
        }
        let operator = token(&planes.variables, &[])?;
        let operators = planes.addresses.iter().map(|at| Api::new(&format!("http://{at}")).with_token(&operator));
        let operators: Vec<Api> = operators.collect();
        let token = token(&planes.variables, &["--audience", "edge"])?;
        let edges = plan_edges(&mut lines, &planes.addresses, &token, folder.path()).await?;
        for edge in &edges.seats {
            edge.start().await?;
        }
        for edge in &edges.seats {
            edge.ready().await?;
        }
        let mut fronts = Vec::new();
        for (edge, address) in edges.addresses.iter().enumerate() {
            fronts.push(lines.link(Line::Front(edge), *address));
        }
        Ok(Self {
            twilio: Client::new(&format!("http://{vendor}")),
            front: Proxy::start(fronts).await?,
            planes: planes.seats,
            edges: edges.seats,
            simulator,
            operators,
            turncoat,
            links: lines.links,
            _proxies: lines.proxies,
            postgres,
            _folder: folder,
        })
    }

    /// A line.
    pub fn link(&self, line: Line) -> Option<&Link> {
        self.links.get(&line).map(Arc::as_ref)
    }

    /// Everything that is ours and not the database.
    pub fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.planes.iter().chain(&self.edges)
    }

    /// Kills a process.
    pub async fn kill(&self, member: Member) {
        match self.seat(member) {
            Some(seat) => seat.kill().await,
            None => self.postgres.kill().await,
        }
    }

    /// Starts it again.
    pub async fn start_again(&self, member: Member) -> Result<(), Failure> {
        match self.seat(member) {
            Some(seat) => seat.start().await,
            None => self.postgres.start_again().await,
        }
    }

    /// Freezes or thaws a process.
    pub async fn tell(&self, member: Member, signal: Signal) {
        if let Some(seat) = self.seat(member) {
            seat.tell(signal).await;
        }
    }

    /// Copies all logs to a folder.
    pub fn keep_logs(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::copy(self.postgres.log(), folder.join("postgres.log"))?;
        for seat in self.seats().chain([&self.simulator]) {
            fs::copy(&seat.log, folder.join(format!("{}.log", seat.name)))?;
        }
        Ok(())
    }

    fn seat(&self, member: Member) -> Option<&Seat> {
        match member {
            Member::Edge(edge) => self.edges.get(edge),
            Member::Plane(plane) => self.planes.get(plane),
            Member::Postgres => None,
        }
    }
}

/// Lines and the proxies at their near ends.
#[derive(Default)]
struct Lines {
    links: BTreeMap<Line, Arc<Link>>,
    proxies: Vec<Proxy>,
}

impl Lines {
    fn link(&mut self, line: Line, upstream: SocketAddr) -> Arc<Link> {
        let link = Arc::new(Link::to(upstream));
        self.links.insert(line, Arc::clone(&link));
        link
    }

    /// Where the near end of a new line is.
    async fn near(&mut self, line: Line, upstream: SocketAddr) -> Result<SocketAddr, Failure> {
        let proxy = Proxy::start(vec![self.link(line, upstream)]).await?;
        let address = proxy.address;
        self.proxies.push(proxy);
        Ok(address)
    }
}

/// Seats that are planned, and where those who will sit there listen.
struct Planned {
    seats: Vec<Seat>,
    addresses: Vec<SocketAddr>,
    variables: Variables,
}

async fn start_simulator(folder: &Path) -> Result<(Seat, SocketAddr), Failure> {
    let address = lasting_address()?;
    let settings = vec![("CALLPLANE_SIMULATOR_LISTEN".to_owned(), address.to_string())];
    let ready = format!("http://{address}/sim/health");
    let log = folder.join("simulator.log");
    let seat = Seat::new("simulator", binaries::path("callplane-simulator"), settings, ready, log);
    seat.start().await?;
    seat.ready().await?;
    Ok((seat, address))
}

async fn plan_planes(
    lines: &mut Lines,
    postgres: &Postgres,
    turncoat: Option<&Turncoat>,
    vendor: SocketAddr,
    folder: &Path,
) -> Result<Planned, Failure> {
    let database = turncoat.map_or(postgres.address, |turncoat| turncoat.address);
    let common = Variables::new(&postgres.url(postgres.address), &format!("http://{vendor}"));
    // Nobody but the regular look can find what never reached an edge, and the judge does not wait for a quarter of an hour.
    let common = common.set("CALLPLANE_RECONCILE_MINUTES", "1");
    let (mut seats, mut addresses) = (Vec::new(), Vec::new());
    for plane in 0..PAIR {
        let (address, admin) = (lasting_address()?, lasting_address()?);
        let database = lines.near(Line::Database(plane), database).await?;
        let vendor = lines.near(Line::Vendor(plane), vendor).await?;
        let settings = common
            .clone()
            .set("CALLPLANE_DATABASE_URL", &postgres.url(database))
            .set("CALLPLANE_TWILIO_BASE_URL", &format!("http://{vendor}"))
            .set("CALLPLANE_LISTEN", &address.to_string())
            .set("CALLPLANE_ADMIN_LISTEN", &admin.to_string());
        let (name, program) = (format!("control-plane-{plane}"), binaries::path("callplane-control-plane"));
        let log = folder.join(format!("{name}.log"));
        seats.push(Seat::new(&name, program, settings.pairs(), format!("http://{admin}/ready"), log));
        addresses.push(address);
    }
    Ok(Planned { seats, addresses, variables: common })
}

async fn plan_edges(lines: &mut Lines, planes: &[SocketAddr], token: &str, folder: &Path) -> Result<Planned, Failure> {
    let (mut seats, mut addresses) = (Vec::new(), Vec::new());
    let common = Variables::none()
        .set("CALLPLANE_PUBLIC_URL", PUBLIC_URL)
        .set("CALLPLANE_EDGE_TOKEN", token)
        // The load balancer is one address.
        .set("CALLPLANE_EDGE_MAX_CONNECTIONS_PER_ADDRESS", "8192");
    for edge in 0..PAIR {
        let (address, admin) = (lasting_address()?, lasting_address()?);
        let mut known = Vec::new();
        for (plane, at) in planes.iter().enumerate() {
            known.push(format!("http://{}", lines.near(Line::Hop(edge, plane), *at).await?));
        }
        let name = format!("edge-{edge}");
        let settings = common
            .clone()
            .set("CALLPLANE_EDGE_ID", &name)
            .set("CALLPLANE_CONTROL_PLANES", &known.join(","))
            .set("CALLPLANE_EDGE_LISTEN", &address.to_string())
            .set("CALLPLANE_EDGE_ADMIN_LISTEN", &admin.to_string());
        let log = folder.join(format!("{name}.log"));
        let ready = format!("http://{admin}/ready");
        seats.push(Seat::new(&name, binaries::path("callplane-edge"), settings.pairs(), ready, log));
        addresses.push(address);
    }
    Ok(Planned { seats, addresses, variables: common })
}

fn token(variables: &Variables, arguments: &[&str]) -> Result<String, Failure> {
    let words = [&["token", "create", "--display-name", "soak"], arguments].concat();
    let output = run("callplane-control-plane", variables, &words);
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(format!("no token: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
