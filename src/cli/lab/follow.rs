//! The lines of one service as they come, whichever container it runs in: one that ends is waited for, a new one is
//! taken up, no line comes twice. They end with the lab.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt as _;
use tokio::time::sleep;

use crate::engine::{AnyEngine, Engine as _, LogRequest};
use crate::plan::Container;
use crate::state::WantedServices;

use super::super::error::Failure;
use super::super::output;
use super::super::settings::LabSettings;
use super::agents::state_failure;
use super::logs::observe;

/// Between two looks for the container of a service that prints nothing any more.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Followed<'a> {
    engine: &'a AnyEngine,
    lab: &'a LabSettings,
    service: &'a str,
    /// Before each line.
    prefix: String,
    /// The id of the container whose lines were printed last, and when they were asked for in Unix seconds.
    container: Option<(String, i32)>,
    times: Times,
}

impl<'a> Followed<'a> {
    pub(super) fn new(engine: &'a AnyEngine, lab: &'a LabSettings, service: &'a str, prefix: String) -> Self {
        Self {
            engine,
            lab,
            service,
            prefix,
            container: None,
            times: Times::default(),
        }
    }

    /// Ends when the lab has been taken away. `first` is for the container that is there at the beginning, running or not.
    pub(super) async fn print(mut self, first: LogRequest) -> Result<(), Failure> {
        let mut was_there = true;
        loop {
            let observed = observe(self.engine, &self.lab.name).await?;
            // `reset` takes a lab away and makes it again within one look.
            let is_there = self.is_wanted()? || !observed.containers.is_empty();
            if !is_there && !was_there {
                return Ok(());
            }
            was_there = is_there;
            if let Some(container) = observed.container(self.service)
                && (self.container.is_none() || container.state.is_alive())
            {
                let request = self.request(container, first);
                self.print_container(container, request, first.timestamps).await?;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// False once `down` has been there.
    fn is_wanted(&self) -> Result<bool, Failure> {
        let wanted = WantedServices::load(&self.lab.directory).map_err(|error| state_failure(&error))?;
        Ok(!wanted.0.is_empty())
    }

    /// All lines of a new container; those since the last look of one that was started again.
    fn request(&mut self, container: &Container, first: LogRequest) -> LogRequest {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let now = i32::try_from(now.as_secs()).unwrap_or(i32::MAX);
        let before = self.container.replace((container.id.clone(), now));
        let request = LogRequest {
            timestamps: true,
            ..first
        };
        match before {
            None => request,
            Some((id, since)) => {
                let since = (id == container.id).then_some(since);
                LogRequest {
                    tail: None,
                    since,
                    ..request
                }
            }
        }
    }

    async fn print_container(
        &mut self,
        container: &Container,
        request: LogRequest,
        timestamps: bool,
    ) -> Result<(), Failure> {
        self.times.begin();
        let mut lines = self.engine.logs(&container.id, request);
        // A container that is taken away while it is read ends its lines with an error; the next look tells.
        while let Some(Ok(line)) = lines.next().await {
            if let Some(text) = self.times.fresh(&line) {
                let text = if timestamps { &line } else { text };
                output::data(&format!("{}{text}\n", self.prefix))?;
            }
        }
        Ok(())
    }
}

/// Times of lines as the engine writes them, in RFC 3339 and of one length, so that their order is that of their text.
#[derive(Default)]
struct Times {
    /// The latest line of the streams that have ended.
    printed: String,
    latest: String,
}

impl Times {
    /// A new stream begins.
    fn begin(&mut self) {
        self.printed.clone_from(&self.latest);
    }

    /// A line without its time; None where an earlier stream had it already.
    fn fresh<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        let (time, text) = line.split_once(' ').unwrap_or((line, ""));
        if time <= self.printed.as_str() {
            return None;
        }
        if time > self.latest.as_str() {
            time.clone_into(&mut self.latest);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_once_whatever_streams_have_it() {
        let mut times = Times::default();
        times.begin();
        assert_eq!(times.fresh("2026-11-22T10:00:00.2Z one two"), Some("one two"));
        assert_eq!(
            times.fresh("2026-11-22T10:00:00.1Z stderr was slower"),
            Some("stderr was slower")
        );
        assert_eq!(times.fresh("2026-11-22T10:00:00.3Z "), Some(""));
        times.begin();
        assert_eq!(times.fresh("2026-11-22T10:00:00.2Z one two"), None);
        assert_eq!(times.fresh("2026-11-22T10:00:00.3Z "), None);
        assert_eq!(times.fresh("2026-11-22T10:00:01.0Z three"), Some("three"));
    }
}
