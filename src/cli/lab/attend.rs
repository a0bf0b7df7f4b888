//! Stays with a lab in the foreground: a line each second, news of its services, and an orderly end.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{MissedTickBehavior, interval};

use crate::agent::Agent;
use crate::engine::{AnyEngine, Engine as _};
use crate::plan;
use crate::report::command;
use crate::report::lab as report;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::LabSettings;
use super::carry::take_away;
use super::connect::failure;
use super::interrupts::Interrupts;
use super::vigil;

/// Without a terminal a line each second would fill a log.
const PLAIN_EVERY: u64 = 10;

const STOPPED: &str = "Stopped; the data is kept. `uwsgi-lab up` with the same options goes on, \
    `uwsgi-lab down --volumes` takes everything away.";

enum End {
    Interrupted,
    /// Another command asked; it takes care of the rest.
    Asked,
    /// The lab's directory was taken away.
    Forgotten,
}

pub(super) async fn attend(
    agent: Agent,
    engine: &AnyEngine,
    lab: &LabSettings,
    mut interrupts: Interrupts,
) -> Result<(), Failure> {
    let line = live_line();
    let tell = |text: &str| line.suspend(|| output::note(text));
    let end = tokio::select! {
        end = watch(&agent, &line, &mut interrupts) => end,
        never = vigil::keep(engine, &lab.name, &tell) => match never {},
    };
    line.finish_and_clear();
    match end {
        End::Asked => {
            output::note("Another command asks this lab to stop.");
            agent.finish().await;
            Ok(())
        }
        End::Forgotten => {
            output::note("The lab's directory is gone, so this command ends.");
            agent.finish().await;
            Ok(())
        }
        End::Interrupted => {
            output::note("Stopping: load, collector, services. Ctrl-C again stops at once.");
            tokio::select! {
                outcome = stop(agent, engine, lab) => outcome,
                () = interrupts.next() => Err(Failure::new(Code::Interrupted, "stopped at once")
                    .hint("`uwsgi-lab status` shows what still runs, `uwsgi-lab down` takes it away")),
            }
        }
    }
}

fn live_line() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    // The template is a constant; should it be wrong, the default shows the same line.
    bar.set_style(
        ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar
}

async fn watch(agent: &Agent, line: &ProgressBar, interrupts: &mut Interrupts) -> End {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut tick = 0_u64;
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let status = agent.status();
                if !line.is_hidden() {
                    line.set_message(report::live_line(&status, output::width()));
                    line.tick();
                } else if tick > 0 && tick.is_multiple_of(PLAIN_EVERY) {
                    output::note(&report::live_line(&status, None));
                }
                tick += 1;
            }
            () = interrupts.next() => return End::Interrupted,
            () = agent.stop_asked() => return End::Asked,
            () = agent.forgotten() => return End::Forgotten,
        }
    }
}

/// Load and collector first, so that their last figures are stored, then the services. Where another command changes
/// the lab meanwhile, the services are its business.
async fn stop(agent: Agent, engine: &AnyEngine, lab: &LabSettings) -> Result<(), Failure> {
    let ending = agent.finish().await;
    output::note(&report::farewell_text(&ending));
    let Ok(_lock) = lab.directory.lock() else {
        output::note("Another uwsgi-lab command is changing this lab; its services are left alone.");
        return Ok(());
    };
    let observed = engine.observe(&lab.name, &BTreeSet::new()).await;
    let plan = plan::stop(&observed.map_err(|error| failure(&error))?, "Ctrl-C");
    take_away(engine, &lab.name, &plan).await?;
    output::note(&command::of_lab(STOPPED, &lab.name));
    Ok(())
}
