//! The end of a script's run: `done(summary, latency, requests)`, as wrk calls it.

use hdrhistogram::Histogram;
use mlua::{Function, Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods};

use super::{ScriptError, Scripts};
use crate::load::Summary;

/// What `done` prints, which belongs to the report.
pub(super) struct Printed(pub(super) String);

impl Scripts {
    /// Calls `done` and returns what it printed; nothing where there is no such function.
    ///
    /// # Errors
    /// A script that fails.
    pub(crate) fn finish(&self, summary: &Summary) -> Result<String, ScriptError> {
        let failed = |error: mlua::Error| ScriptError::lua(&self.source.path, &error);
        let done: Option<Function> = self.main.globals().get("done").map_err(failed)?;
        let Some(done) = done else {
            return Ok(String::new());
        };
        self.main.set_app_data(Printed(String::new()));
        let table = self.summary(summary).map_err(failed)?;
        let latency = Statistics(summary.latency.clone());
        // Whole requests a second, as in wrk.
        let requests = Statistics(scaled(&summary.per_second));
        done.call::<()>((table, latency, requests)).map_err(failed)?;
        Ok(self
            .main
            .remove_app_data::<Printed>()
            .map_or_else(String::new, |printed| printed.0))
    }

    /// wrk's names; times are µs.
    fn summary(&self, summary: &Summary) -> mlua::Result<Table> {
        let lua: &Lua = &self.main;
        let errors = lua.create_table()?;
        let counts = &summary.counts;
        errors.set("connect", counts.errors.connect)?;
        errors.set("read", counts.errors.read + counts.errors.malformed)?;
        errors.set("write", counts.errors.write)?;
        errors.set("timeout", counts.errors.timeout)?;
        errors.set("status", counts.status_4xx + counts.status_5xx)?;
        let table = lua.create_table()?;
        table.set("duration", summary.elapsed.as_micros() as u64)?;
        table.set("requests", counts.answered)?;
        table.set("bytes", counts.bytes)?;
        table.set("threads", self.threads.len())?;
        table.set("errors", errors)?;
        Ok(table)
    }
}

fn scaled(per_second: &Histogram<u64>) -> Histogram<u64> {
    let mut whole = per_second.clone();
    whole.reset();
    for step in per_second.iter_recorded() {
        // It holds smaller values than the one it came from.
        whole
            .record_n(step.value_iterated_to() / 100, step.count_at_value())
            .ok();
    }
    whole
}

/// A histogram as scripts see it.
struct Statistics(Histogram<u64>);

impl UserData for Statistics {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("min", |_, it| Ok(it.0.min()));
        fields.add_field_method_get("max", |_, it| Ok(it.0.max()));
        fields.add_field_method_get("mean", |_, it| Ok(it.0.mean()));
        fields.add_field_method_get("stdev", |_, it| Ok(it.0.stdev()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("percentile", |_, it, percent: f64| {
            Ok(it.0.value_at_quantile(percent / 100.0))
        });
        // The value at an index of those recorded, and how often it was.
        methods.add_meta_method(MetaMethod::Call, |_, it, index: usize| {
            let step = it.0.iter_recorded().nth(index.saturating_sub(1));
            Ok(step
                .map(|step| (step.value_iterated_to(), step.count_at_value()))
                .unzip())
        });
        methods.add_meta_method(MetaMethod::Len, |_, it, ()| Ok(it.0.iter_recorded().count()));
    }
}
