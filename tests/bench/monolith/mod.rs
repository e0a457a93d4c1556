//! The yardstick: what a good engineer would write instead for one team. One hyper server that checks the signature, reads
//! the form, looks the number up and writes the same rows of the same schema, one commit a request, no batches.
//!
//! The document of a call is merged by the domain's own function, so that both sides store the same information.

mod form;
mod postgres;
mod rows;
mod sqlite;
mod statement;

use std::{collections::HashMap, convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use callplane_control_plane::secret::{MasterKeys, StreamTokens};
use callplane_control_plane::{clock::SystemClock, domain::time::Clock};
use callplane_twiml::Renderer;
use form::Form;
use hmac::{Hmac, KeyInit};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rows::{Rows, Signer, Told};
use secrecy::ExposeSecret;
use sha1::Sha1;
use tokio::net::TcpListener;

use super::{
    Failure, noop,
    world::{self, ENCRYPTION_KEY, PUBLIC_URL},
};

const MOST_BYTES: usize = 64 * 1024;

struct Monolith {
    database: Database,
    accounts: HashMap<String, Account>,
    stream_tokens: StreamTokens,
    renderer: Renderer,
}

/// Who may sign, kept in memory: accounts change once in a while, webhooks come all the time.
struct Account {
    key: Hmac<Sha1>,
    signer: Signer,
}

enum Database {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

/// Serves until it is killed, with this migrated and filled database.
pub async fn serve(listen: SocketAddr, url: &str) -> Result<(), Failure> {
    let database = match url.starts_with("sqlite") {
        true => Database::Sqlite(sqlite::Database::open(url).await?),
        false => Database::Postgres(postgres::Database::open(url).await?),
    };
    let keys = MasterKeys::from_setting(ENCRYPTION_KEY)?;
    let accounts = accounts(&database).await?;
    let renderer = Renderer::new(PUBLIC_URL);
    let monolith = Arc::new(Monolith { database, accounts, stream_tokens: StreamTokens::new(&keys), renderer });
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let monolith = Arc::clone(&monolith);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let monolith = Arc::clone(&monolith);
                async move { Ok::<_, Infallible>(monolith.answer(request).await) }
            });
            // A generator that hangs up is how every measurement ends.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// Their tokens are sealed in the database; a monolith would have them in its configuration, as this one has.
async fn accounts(database: &Database) -> Result<HashMap<String, Account>, Failure> {
    let stored = match database {
        Database::Sqlite(sqlite) => sqlite.signers().await?,
        Database::Postgres(postgres) => postgres.signers().await?,
    };
    let stored: HashMap<String, Signer> = stored.into_iter().collect();
    (0..world::ACCOUNTS)
        .map(|account| {
            let sid = world::account_sid(account);
            let signer = *stored.get(&sid).ok_or("the database was not filled")?;
            let key = Hmac::new_from_slice(world::auth_token(account).as_bytes())?;
            Ok((sid, Account { key, signer }))
        })
        .collect()
}

impl Monolith {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.store(request).await.unwrap_or_else(empty)
    }

    async fn store(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, StatusCode> {
        let (head, body) = request.into_parts();
        let is_voice = match head.uri.path() {
            "/twilio/voice" => true,
            "/twilio/status" => false,
            _ => return Err(StatusCode::NOT_FOUND),
        };
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
        let form = Form::parse(&body);
        let account = self.accounts.get(form.text("AccountSid")).ok_or(StatusCode::FORBIDDEN)?;
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        let signature = head.headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
        if !form.is_signed(&format!("{PUBLIC_URL}{target}"), &account.key, signature.unwrap_or_default()) {
            return Err(StatusCode::FORBIDDEN);
        }
        let told = Told::read(&form, account.signer, is_voice, SystemClock.now()).ok_or(StatusCode::BAD_REQUEST)?;
        let stored = match &self.database {
            Database::Sqlite(sqlite) => sqlite.store(&told).await,
            Database::Postgres(postgres) => postgres.store(&told).await,
        };
        let rows = stored.map_err(|error| {
            eprintln!("a webhook was not stored: {error}");
            StatusCode::SERVICE_UNAVAILABLE
        })?;
        if is_voice {
            self.twiml(&rows).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
        } else {
            Ok(empty(StatusCode::NO_CONTENT))
        }
    }

    fn twiml(&self, rows: &Rows) -> Option<Response<Full<Bytes>>> {
        let url = rows.stream_url.as_deref()?;
        let token = self.stream_tokens.mint(rows.call.id, SystemClock.now());
        let instructions = noop::stream(url, &rows.call.id.to_string(), token.expose_secret());
        let twiml = self.renderer.instructions(&instructions).ok()?;
        let mut response = Response::new(Full::new(Bytes::from(twiml)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        Some(response)
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
