//! The list of the page's files, compiled into the binary; what is in them is theirs.

/// A file under `assets/`.
pub(super) struct Asset {
    /// Relative to `assets/`, with `/` between directories.
    pub(super) path: &'static str,
    pub(super) bytes: &'static [u8],
}

macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        &[$(Asset { path: $path, bytes: include_bytes!(concat!("assets/", $path)) }),*]
    };
}

/// Pages that name the version of the others, and are therefore never cached without asking.
pub(super) const INDEX: &str = include_str!("assets/index.html");
pub(super) const LOGIN: &str = include_str!("assets/login.html");

/// Everything the pages load, in the order of a directory listing.
pub(super) const ASSETS: &[Asset] = assets![
    "annotations.js",
    "api.js",
    "crosshair.js",
    "dashboard.js",
    "datasources.js",
    "dom.js",
    "frames.js",
    "grid.js",
    "icon.svg",
    "keyboard.js",
    "list.js",
    "login.css",
    "login.js",
    "main.js",
    "panel/builder.js",
    "panel/frame.js",
    "panel/inspect.js",
    "panel/panel.css",
    "panel/query.js",
    "panels/gauge/bars.js",
    "panels/gauge/gauge.css",
    "panels/gauge/index.js",
    "panels/gauge/shares.js",
    "panels/heatmap/buckets.js",
    "panels/heatmap/heatmap.css",
    "panels/heatmap/index.js",
    "panels/heatmap/rows.js",
    "panels/heatmap/scheme.js",
    "panels/index.js",
    "panels/model/calculations.js",
    "panels/model/colours.js",
    "panels/model/display.js",
    "panels/model/mappings.js",
    "panels/model/names.js",
    "panels/model/overrides.js",
    "panels/model/pattern.js",
    "panels/model/prepare.js",
    "panels/model/reduced.js",
    "panels/model/thresholds.js",
    "panels/normalise.js",
    "panels/normalise/graph.js",
    "panels/normalise/heatmap.js",
    "panels/normalise/legend.js",
    "panels/normalise/mappings.js",
    "panels/normalise/singlestat.js",
    "panels/normalise/table.js",
    "panels/panels.css",
    "panels/plot/annotations.js",
    "panels/plot/axes.js",
    "panels/plot/chart.css",
    "panels/plot/chart.js",
    "panels/plot/elements.js",
    "panels/plot/ink.js",
    "panels/plot/legend.css",
    "panels/plot/legend.js",
    "panels/plot/message.js",
    "panels/plot/pointer.js",
    "panels/plot/ticks.js",
    "panels/plot/tooltip.css",
    "panels/plot/tooltip.js",
    "panels/stat/index.js",
    "panels/stat/layout.js",
    "panels/stat/sparkline.js",
    "panels/stat/stat.css",
    "panels/state-timeline/draw.js",
    "panels/state-timeline/index.js",
    "panels/state-timeline/states.js",
    "panels/table/columns.js",
    "panels/table/index.js",
    "panels/table/rows.js",
    "panels/table/table.css",
    "panels/text/html.js",
    "panels/text/index.js",
    "panels/text/markdown.js",
    "panels/text/text.css",
    "panels/timeseries/align.js",
    "panels/timeseries/hover.js",
    "panels/timeseries/index.js",
    "panels/timeseries/scales.js",
    "panels/timeseries/series.js",
    "panels/timeseries/stacking.js",
    "panels/timeseries/style.js",
    "panels/timeseries/thresholds.js",
    "refresh.js",
    "router.js",
    "style.css",
    "theme-early.js",
    "theme.js",
    "time/expression.js",
    "time/interval.js",
    "time/range.js",
    "time/zone.js",
    "transformations.js",
    "transformations/calculate.js",
    "transformations/columns.js",
    "transformations/group.js",
    "transformations/join.js",
    "transformations/rows.js",
    "units.js",
    "units/catalogue.js",
    "units/duration.js",
    "units/moment.js",
    "units/number.js",
    "units/scaled.js",
    "uplot.LICENSE",
    "uplot.css",
    "uplot.js",
    "variables/builtin.js",
    "variables/influxql.js",
    "variables/interpolate.js",
    "variables/options.js",
    "variables/variables.js",
    "view/actions.js",
    "view/banner.js",
    "view/controls.css",
    "view/dialog.js",
    "view/grid.js",
    "view/help.js",
    "view/markdown.js",
    "view/menu.js",
    "view/popover.js",
    "view/timepicker.js",
    "view/toast.js",
    "view/toolbar.js",
    "view/variables.js",
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn files(directory: &Path, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                found.extend(files(&entry.path(), &format!("{name}/")));
            } else {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn every_file_of_the_directory_is_served_and_in_order() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/embedded/page/assets");
        let mut expected = files(&directory, "");
        expected.retain(|name| name != "index.html" && name != "login.html");
        let listed: Vec<_> = ASSETS.iter().map(|asset| asset.path).collect();
        assert_eq!(listed, expected);
    }
}
