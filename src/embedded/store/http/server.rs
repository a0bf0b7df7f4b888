//! The listener, its routes and its life: open the data, bind, serve until told to stop, leave promptly.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::super::account::Account;
use super::super::data::{Storage, StorageError};
use super::body::Room;
use super::{door, login, ping, query, write};

/// The InfluxDB release whose answers these are; the comparison with it is part of the tests.
pub(super) const API_LEVEL: &str = "1.6.7";
/// How long answers under way may take after the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(2);
/// Writes that are stored at the same time; more wait.
const WRITERS: usize = 8;
/// Queries that are answered at the same time, for each processor; more wait.
const QUERIES_A_PROCESSOR: usize = 2;

/// How to run the server.
#[derive(Debug, Clone)]
pub(crate) struct StoreOptions {
    /// Port 0 takes any free port; [`StoreServer::address`] says which.
    pub(crate) listen: SocketAddr,
    /// Where the data is kept; made where it is missing.
    pub(crate) data: PathBuf,
    /// Created at the start if it is missing.
    pub(crate) database: Option<String>,
    /// Login and password of the one user; without them everybody is let in.
    pub(crate) credentials: Option<(String, String)>,
    /// Names under which the server may be called, besides `localhost` and IP addresses.
    pub(crate) allowed_hosts: Vec<String>,
}

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the data directory '{}' is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("cannot read the data directory '{}'", path.display())]
    Damaged {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("no space is left for the database file '{}'", .0.display())]
    Full(PathBuf),
    #[error("cannot use the data directory '{}'", path.display())]
    Data {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("cannot make a salt for the password")]
    Salt(#[source] getrandom::Error),
    #[error("the server failed")]
    Serve(#[source] io::Error),
}

/// A bound server that answers once it runs.
pub(crate) struct StoreServer {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
    tasks: TaskTracker,
    ending: CancellationToken,
}

/// What handlers share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) storage: Arc<Storage>,
    /// Of the one user.
    pub(super) login: Option<Arc<str>>,
    pub(super) room: Room,
    pub(super) writers: Arc<Semaphore>,
    pub(super) queries: Arc<Semaphore>,
    /// Whatever works on the storage.
    pub(super) tasks: TaskTracker,
    /// Cancelled when answers under way have had their time.
    pub(super) ending: CancellationToken,
}

impl StoreServer {
    /// Opens the data and takes the port.
    pub(crate) async fn bind(options: StoreOptions) -> Result<Self, StoreError> {
        let account = options.credentials.as_ref();
        let account = account.map(|(login, password)| Account::new(login, password).map(Arc::new));
        let account = account.transpose().map_err(StoreError::Salt)?;
        let unusable = |source| StoreError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let login = options.credentials.map(|(login, _)| login.into());
        let shared = Shared::new(open(options.data, options.database).await?, login);
        let (tasks, ending) = (shared.tasks.clone(), shared.ending.clone());
        let routes = routes(shared, account, options.allowed_hosts);
        Ok(Self {
            listener,
            address,
            routes,
            tasks,
            ending,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled; requests under way then have two seconds, and what is being written is finished.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let stopping = stop.clone().cancelled_owned();
        let serving = axum::serve(self.listener, self.routes).with_graceful_shutdown(stopping);
        let deadline = async {
            stop.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        let served = tokio::select! {
            ended = serving => ended.map_err(StoreError::Serve),
            () = deadline => Ok(()),
        };
        self.ending.cancel();
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::warn!("a query or a write does not end");
        }
        served
    }
}

impl Shared {
    fn new(storage: Storage, login: Option<Arc<str>>) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            storage: Arc::new(storage),
            login,
            room: Room::new(),
            writers: Arc::new(Semaphore::new(WRITERS)),
            queries: Arc::new(Semaphore::new(QUERIES_A_PROCESSOR * processors)),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
        }
    }
}

/// Opens the storage with its first database.
async fn open(path: PathBuf, database: Option<String>) -> Result<Storage, StoreError> {
    let directory = path.clone();
    let opening = spawn_blocking(move || {
        let storage = Storage::open(&directory)?;
        if let Some(name) = database {
            storage.create_database(&name)?;
        }
        Ok(storage)
    });
    let opened = opening.await.map_err(|error| StoreError::Data {
        path: path.clone(),
        source: error.into(),
    })?;
    opened.map_err(|error| match error {
        StorageError::InUse(path) => StoreError::InUse(path),
        StorageError::Full(path) => StoreError::Full(path),
        error @ (StorageError::Damaged { .. } | StorageError::Newer { .. }) => StoreError::Damaged {
            path,
            source: error.into(),
        },
        other => StoreError::Data {
            path,
            source: other.into(),
        },
    })
}

fn routes(shared: Shared, account: Option<Arc<Account>>, allowed_hosts: Vec<String>) -> Router {
    // axum lets GET's handler answer HEAD, which would carry a query out for nothing
    let queries = get(query::query).post(query::query).head(not_allowed);
    Router::new()
        .route("/query", queries)
        .route("/write", post(write::write))
        .route_layer(from_fn_with_state(account, login::check))
        .route("/ping", get(ping::ping))
        .route("/health", get(ping::health))
        .method_not_allowed_fallback(not_allowed)
        .fallback(async || {
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (StatusCode::NOT_FOUND, kind, "404 page not found\n")
        })
        .layer(from_fn_with_state(allowed_hosts.into(), door::guard))
        .with_state(shared)
}

async fn not_allowed() -> (StatusCode, &'static str) {
    (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
}
