//! The view's state: messages change it, frames show it. Pure: it reads no clock, no server, no keyboard.

mod act;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::crossterm::event::KeyEvent;

use super::filter::Filter;
use super::keys;
use super::reading::Reading;
use super::server::Server;
use super::table::{Sort, Table};
use super::tables::{self, CoreView};
use super::value::Calendar;
use crate::uwsgi::Statistics;

/// What happens to a view.
#[derive(Debug)]
pub(crate) enum Message {
    /// A look at the server of that place.
    Looked {
        server: usize,
        reading: Box<Reading>,
    },
    Key(KeyEvent),
    /// It is that late: µs since the Unix epoch.
    Time(u64),
    /// The terminal has another size.
    Resized,
}

/// What a message asks of the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    Suspend,
    /// Look at every server that often.
    Every(Duration),
    /// Go on by so many seconds in a replay, or back.
    Seek(i64),
}

/// What fills the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum View {
    /// Workers, vassals or nodes; all servers where all are shown.
    Chief,
    Requests,
    Events,
    Beyond,
}

/// Tables that keep an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Servers,
    Workers,
    Cores,
    Vassals,
    Nodes,
    Requests,
    Events,
}

const FAST: Duration = Duration::from_millis(100);

/// How a replay runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Film {
    /// Seconds of the film in one second.
    pub(crate) speed: f64,
    pub(crate) stopped: bool,
    pub(crate) ended: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    servers: Vec<Server>,
    /// What is shown while it stands still, and since when (µs).
    frozen: Option<(Vec<Server>, u64)>,
    pub(crate) zone: TimeZone,
    /// This machine's name.
    pub(crate) node: String,
    now_us: u64,
    pub(crate) interval: Duration,
    pub(crate) fast: bool,
    /// None for what happens now.
    pub(crate) film: Option<Film>,
    /// None for all servers.
    pub(crate) selected: Option<usize>,
    pub(crate) view: View,
    pub(crate) cores: CoreView,
    pub(crate) filter: Filter,
    /// What is being typed, where a filter is.
    pub(crate) typing: Option<String>,
    pub(crate) help: bool,
    sorts: BTreeMap<Kind, Sort>,
    /// The first line of the body that is shown.
    pub(crate) scroll: usize,
    /// Columns left out after the first.
    pub(crate) columns_skipped: usize,
    /// Lines that the body has and had room for when it was drawn last.
    drawn: (usize, usize),
}

impl State {
    pub(crate) fn new(
        servers: Vec<Server>,
        interval: Duration,
        zone: TimeZone,
        node: String,
        now_us: u64,
    ) -> Self {
        Self {
            selected: (servers.len() == 1).then_some(0),
            servers,
            frozen: None,
            zone,
            node,
            now_us,
            interval,
            fast: false,
            film: None,
            view: View::Chief,
            cores: CoreView::Off,
            filter: Filter::default(),
            typing: None,
            help: false,
            sorts: BTreeMap::from([
                (Kind::Workers, tables::WORKER_SORT),
                (Kind::Cores, tables::CORE_SORT),
                (
                    Kind::Requests,
                    Sort {
                        column: 0,
                        descending: true,
                    },
                ),
            ]),
            scroll: 0,
            columns_skipped: 0,
            drawn: (0, 0),
        }
    }

    /// Watches other servers.
    pub(crate) fn watch(&mut self, servers: Vec<Server>) {
        self.selected = (servers.len() == 1).then_some(0);
        self.servers = servers;
    }

    pub(crate) fn update(&mut self, message: Message) -> Option<Effect> {
        match message {
            Message::Looked { server, reading } => {
                self.now_us = self.now_us.max(reading.at_us);
                if let Some(server) = self.servers.get_mut(server) {
                    server.take(*reading);
                }
                None
            }
            Message::Time(now_us) => {
                self.now_us = now_us;
                None
            }
            Message::Resized => None,
            Message::Key(key) => {
                let action = keys::action(key, self.typing.is_some())?;
                self.act(action)
            }
        }
    }

    /// What the frame found: how many lines the body has, and how many fit.
    pub(crate) fn was_drawn(&mut self, lines: usize, page: usize) {
        self.drawn = (lines, page);
        self.scroll = self.scroll.min(lines.saturating_sub(page));
    }

    /// Seconds of the film that pass in one second: none while it stands.
    pub(crate) fn film_speed(&self) -> f64 {
        match self.film {
            Some(film) if !film.stopped => film.speed,
            _ => 0.0,
        }
    }

    pub(crate) fn film_ended(&mut self, ended: bool) {
        if let Some(film) = &mut self.film {
            film.ended = ended;
        }
    }

    /// Every server as if it had never been read.
    pub(crate) fn forget(&mut self) {
        for server in &mut self.servers {
            *server = Server::new(server.source.clone(), server.address.clone());
        }
    }

    /// The servers as they are shown: as of the pause, where there is one.
    pub(crate) fn servers(&self) -> &[Server] {
        match &self.frozen {
            Some((servers, _)) => servers,
            None => &self.servers,
        }
    }

    /// Those that the view is about: one or all.
    pub(crate) fn scope(&self) -> &[Server] {
        let servers = self.servers();
        match self.selected {
            Some(index) => servers.get(index..=index).unwrap_or_default(),
            None => servers,
        }
    }

    /// The one server that the view is about; None where it is about all.
    pub(crate) fn server(&self) -> Option<&Server> {
        self.servers().get(self.selected?)
    }

    pub(crate) fn calendar(&self) -> Calendar {
        let now_us = match &self.frozen {
            Some((_, since_us)) => *since_us,
            None => self.now_us,
        };
        Calendar {
            zone: self.zone.clone(),
            now_us,
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    /// What is being typed applies at once.
    pub(crate) fn filter_in_force(&self) -> Filter {
        match &self.typing {
            Some(text) => Filter::parse(text),
            None => self.filter.clone(),
        }
    }

    /// How the table of the view is ordered; None for the order in which things come.
    pub(crate) fn sort(&self) -> Option<Sort> {
        self.sorts.get(&self.kind()).copied()
    }

    /// Orders the workers by the column of that place.
    pub(crate) fn sort_workers(&mut self, sort: Sort) {
        self.sorts.insert(Kind::Workers, sort);
    }

    fn kind(&self) -> Kind {
        match (self.view, self.server()) {
            (View::Requests, _) => Kind::Requests,
            (View::Events, _) => Kind::Events,
            (_, None) => Kind::Servers,
            (_, Some(server)) => self.kind_of(server),
        }
    }

    fn kind_of(&self, server: &Server) -> Kind {
        match server.latest.as_ref().map(|latest| &latest.seen.statistics) {
            Some(Statistics::Emperor(_)) => Kind::Vassals,
            Some(Statistics::Router(_)) => Kind::Nodes,
            _ if self.cores == CoreView::Merged => Kind::Cores,
            Some(Statistics::Server(_)) | None => Kind::Workers,
        }
    }

    /// The table of the view, ordered and filtered. For [`View::Beyond`] it is [`Self::beyond`] that counts.
    pub(crate) fn table(&self) -> Table {
        let calendar = self.calendar();
        let mut table = match (self.view, self.server()) {
            (View::Requests, _) => tables::requests(self.scope(), calendar.now_us),
            (View::Events, _) => tables::events(self.scope()),
            (_, Some(server)) => return self.chief_of(server),
            (_, None) => tables::servers(self.servers(), calendar.now_us),
        };
        if let Some(sort) = self.sort() {
            table.sort(sort);
        }
        self.filtered(&mut table, &calendar);
        table
    }

    /// The workers of one server (or its vassals or nodes), ordered and filtered.
    pub(crate) fn chief_of(&self, server: &Server) -> Table {
        let mut table = tables::chief(server, self.cores);
        if let Some(sort) = self.sorts.get(&self.kind_of(server)) {
            table.sort(*sort);
        }
        self.filtered(&mut table, &self.calendar());
        table
    }

    /// Sockets, caches and the like of the servers in scope.
    pub(crate) fn beyond(&self) -> Vec<Table> {
        let calendar = self.calendar();
        let is_of_many = self.scope().len() > 1;
        let mut all = Vec::new();
        for server in self.scope() {
            for mut table in server.document().map(tables::beyond).unwrap_or_default() {
                if is_of_many {
                    table.title = format!("{} of {}", table.title, server.source);
                }
                self.filtered(&mut table, &calendar);
                all.push(table);
            }
        }
        all.retain(|table| !table.rows.is_empty());
        all
    }

    fn filtered(&self, table: &mut Table, calendar: &Calendar) {
        let filter = self.filter_in_force();
        if !filter.is_empty() {
            table.filter(&filter, calendar);
        }
    }
}
