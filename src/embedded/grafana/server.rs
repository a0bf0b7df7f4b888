//! The listener, its routes and its life: bind, serve until told to stop, and leave promptly.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::account::Account;
use super::super::gate::AllowedHosts;
use super::super::page;
use super::admission::Admission;
use super::gate;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{self, State, StateFile};
use super::{
    annotations, dashboards, datasource_health, datasources, folders, login, organisation, query, search,
    upstream,
};

/// The Grafana release whose API this server speaks.
pub(super) const API_LEVEL: &str = "12.2.1";
/// The largest dashboard we know of has some 2 MB.
const LARGEST_BODY: usize = 8 << 20;
/// How long answers under way may take after the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// How to run the server.
#[derive(Debug, Clone)]
pub(crate) struct DashboardOptions {
    /// Port 0 takes any free port; [`DashboardServer::address`] says which.
    pub(crate) listen: SocketAddr,
    /// Where the state is kept; in memory without it.
    pub(crate) data: Option<PathBuf>,
    /// Used only when `data` holds no state yet, as Grafana does: later changes are ignored.
    pub(crate) admin_user: String,
    pub(crate) admin_password: String,
    /// Names under which the server may be called, besides `localhost` and IP addresses.
    pub(crate) allowed_hosts: Vec<String>,
}

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DashboardError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot use the state file '{}'", path.display())]
    State { path: PathBuf, source: io::Error },
    #[error("cannot make a salt for the password")]
    Salt(#[source] getrandom::Error),
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("the server failed")]
    Serve(#[source] io::Error),
}

/// A bound server that answers once it runs.
pub(crate) struct DashboardServer {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
}

/// What handlers share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) keeper: Keeper,
    pub(super) http: reqwest::Client,
    pub(super) admission: Arc<Admission>,
}

impl FromRef<Shared> for Keeper {
    fn from_ref(shared: &Shared) -> Self {
        shared.keeper.clone()
    }
}

impl DashboardServer {
    /// Loads or creates the state and takes the port.
    pub(crate) async fn bind(options: DashboardOptions) -> Result<Self, DashboardError> {
        let (state, file) = match options.data.as_deref() {
            Some(directory) => load_or_create(directory, &options)?,
            None => (create(&options)?, None),
        };
        let unusable = |source| DashboardError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let shared = Shared {
            admission: Arc::new(Admission::of(state.account.clone())),
            keeper: Keeper::start(state, file),
            http: upstream::client().map_err(DashboardError::Client)?,
        };
        let routes = routes(shared, options.allowed_hosts.into());
        Ok(Self {
            listener,
            address,
            routes,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled; requests under way then have two seconds.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), DashboardError> {
        let stopping = stop.clone().cancelled_owned();
        let serving = axum::serve(self.listener, self.routes).with_graceful_shutdown(stopping);
        let deadline = async {
            stop.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            ended = serving => ended.map_err(DashboardError::Serve),
            () = deadline => Ok(()),
        }
    }
}

fn load_or_create(
    directory: &Path,
    options: &DashboardOptions,
) -> Result<(State, Option<StateFile>), DashboardError> {
    let unusable = |source| DashboardError::State {
        path: state::path(directory),
        source,
    };
    let file = StateFile::open(directory).map_err(unusable)?;
    if let Some(state) = file.load().map_err(unusable)? {
        return Ok((state, Some(file)));
    }
    let state = create(options)?;
    file.save(&state).map_err(unusable)?;
    Ok((state, Some(file)))
}

fn create(options: &DashboardOptions) -> Result<State, DashboardError> {
    let account = Account::new(&options.admin_user, &options.admin_password).map_err(DashboardError::Salt)?;
    Ok(State::new(account))
}

fn routes(shared: Shared, allowed: AllowedHosts) -> Router {
    let logged_in = from_fn_with_state(shared.clone(), gate::check_login);
    let in_session = from_fn_with_state(shared.clone(), gate::check_session);
    Router::new()
        .merge(catalogue())
        .merge(content())
        .fallback(async || Refusal::not_found("Not found"))
        .layer(logged_in)
        .merge(pages().layer(in_session))
        .merge(anonymous())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(allowed, gate::check_host))
        .layer(map_response(page::secured))
        .with_state(shared)
}

/// Routes about the server, its organisation and its data sources.
fn catalogue() -> Router<Shared> {
    Router::new()
        .route("/api/org", get(organisation::organisation))
        .route(
            "/api/org/preferences",
            get(organisation::preferences).patch(organisation::patch_preferences),
        )
        .route("/api/user", get(organisation::user))
        .route("/api/plugins/{id}/settings", get(organisation::plugin))
        .route(
            "/api/datasources",
            get(datasources::list).post(datasources::create),
        )
        .route("/api/datasources/name/{name}", get(datasources::by_name))
        .route(
            "/api/datasources/uid/{uid}",
            get(datasources::by_uid)
                .put(datasources::update)
                .delete(datasources::delete),
        )
        .route("/api/datasources/uid/{uid}/health", get(datasource_health::check))
        .route("/api/ds/query", post(query::run))
}

/// Routes about folders, dashboards and annotations.
fn content() -> Router<Shared> {
    Router::new()
        .route("/api/folders", get(folders::list).post(folders::create))
        .route("/api/folders/{uid}", get(folders::by_uid))
        .route("/api/dashboards/db", post(dashboards::save))
        .route(
            "/api/dashboards/uid/{uid}",
            get(dashboards::by_uid).delete(dashboards::delete),
        )
        .route("/api/search", get(search::search))
        .route(
            "/api/annotations",
            get(annotations::find).post(annotations::create),
        )
        .route(
            "/api/annotations/{id}",
            patch(annotations::update).delete(annotations::delete),
        )
}

/// One page shows the list of dashboards and each of them; which one is for the page to read from its address.
fn pages() -> Router<Shared> {
    Router::new()
        .route("/", get(page::application))
        .route("/dashboards", get(page::application))
        .route("/dashboards/f/{uid}", get(page::application))
        .route("/dashboards/f/{uid}/{slug}", get(page::application))
        .route("/d/{uid}", get(page::application))
        .route("/d/{uid}/{slug}", get(page::application))
}

/// Routes for everybody who is on this machine.
fn anonymous() -> Router<Shared> {
    Router::new()
        .route("/login", get(login::page).post(login::log_in))
        .route("/logout", get(login::log_out))
        .route("/public/{version}/{*path}", get(page::asset))
        .route("/healthz", get("Ok"))
        .route("/api/health", get(health))
}

/// Says honestly who answers: `version` is the API level, `commit` names us.
async fn health() -> Json<Value> {
    Json(json!({
        "database": "ok",
        "version": API_LEVEL,
        "commit": concat!("uwsgi-lab ", env!("CARGO_PKG_VERSION")),
    }))
}
