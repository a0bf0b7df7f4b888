// The `timeseries` panel: puts fields, scales, styles, legend and tooltip together; each of them is a file beside this one.

import { calculate, calculationName, keepsUnit } from '../model/calculations.js';
import { prepare } from '../model/prepare.js';
import { formatValue } from '../../units.js';
import { RIGHT, timeAxis } from '../plot/axes.js';
import { createChart } from '../plot/chart.js';
import { createLegend, toggled } from '../plot/legend.js';
import { emptyText } from '../plot/message.js';
import { grouped, scalesAndAxes } from './scales.js';
import { arrange, collect } from './series.js';
import { seriesMark, seriesOptions } from './style.js';
import { thresholdMarks } from './thresholds.js';
import { hoverContent } from './hover.js';

/** A chart of more is no picture, and slow. */
const MOST_SERIES = 200;

const legendMode = ({ showLegend = true, displayMode = 'list' } = {}) => (showLegend ? displayMode : 'hidden');

function legendRows(series, calcs, hidden) {
  return series
    .filter(({ custom }) => !custom.hideFrom?.legend)
    .map(({ name, colour, field, custom }) => ({
      name,
      mark: seriesMark(colour, custom),
      hidden: hidden.has(name),
      numbers: calcs.map((id) => calculate(id, field.values)),
      values: calcs.map((id) => {
        const value = calculate(id, field.values);
        return (keepsUnit(id) ? field.display(value).whole : formatValue(value, 'none')) || '–';
      }),
    }));
}

/** By a calculated value where the dashboard asks for it. */
function sortedRows(rows, { sortBy, sortDesc, calcs = [] } = {}) {
  const at = calcs.findIndex((id) => calculationName(id) === sortBy);
  if (!sortBy || (at < 0 && sortBy !== 'Name')) return rows;
  const compare =
    at < 0
      ? (one, other) => one.name.localeCompare(other.name)
      : (one, other) => (one.numbers[at] ?? -Infinity) - (other.numbers[at] ?? -Infinity);
  return rows.sort((one, other) => (sortDesc ? -1 : 1) * compare(one, other));
}

/** Everything that uPlot cannot change once it is made. */
function signatureOf(series, groups, hidden, empty) {
  return JSON.stringify([
    empty,
    series.map(({ name, custom, field }) => [
      name,
      hidden.has(name),
      custom,
      field.config.color,
      field.config.thresholds,
    ]),
    groups.map(({ key, right, first }) => [key, right, first.field.config.decimals]),
  ]);
}

function bandsOf(series, under) {
  const lines = series.map(({ custom }) => (custom.drawStyle ?? 'line') === 'line');
  const stacked = under.flatMap((below, at) => (below === null || !lines[at] ? [] : [{ series: [at + 1, below + 1] }]));
  const between = series.flatMap(({ custom }, at) => {
    const below = custom.fillBelowTo ? series.findIndex(({ name }) => name === custom.fillBelowTo) : -1;
    return below < 0 ? [] : [{ series: [at + 1, below + 1] }];
  });
  return [...stacked, ...between];
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const calcs = options.legend?.calcs ?? [];
  let hidden = new Set();
  let data = null;
  let series = [];
  let shape = { times: [], raw: [], columns: [], bases: [], under: [] };

  const hover = (plot) => hoverContent(plot, series, shape, hidden, options.tooltip, context.timeZone);
  const chart = createChart(body, context, { hover, title: panel.title });
  const legend = createLegend(chart.legend, {
    onToggle(name, add) {
      hidden = toggled(
        series.map((one) => one.name),
        hidden,
        name,
        add,
      );
      render();
    },
  });

  const plotOptions = (groups, empty) => {
    const { scales, axes } = scalesAndAxes(groups, context);
    const scaleOf = (at) => groups.find((group) => group.series.includes(at)).key;
    return {
      scales,
      padding: [
        8,
        axes.some(({ side }) => side === RIGHT) ? 6 : 22,
        0,
        axes.some(({ side }) => side !== RIGHT) ? 6 : 22,
      ],
      axes: [timeAxis(context), ...(empty ? [] : axes)],
      series: empty
        ? [{}, { show: false }]
        : [
            {},
            ...series.map((one, at) =>
              seriesOptions(one, {
                scale: scaleOf(at),
                hidden: hidden.has(one.name),
                theme: context.theme,
                current: () => series[at],
                bases: () => shape.bases[at],
              }),
            ),
          ],
      bands: empty ? [] : bandsOf(series, shape.under),
      hooks: { drawClear: [thresholdMarks(empty ? [] : groups, context.theme)] },
    };
  };

  const render = () => {
    const { frames, problem } = prepare(panel, data, context);
    const all = collect(frames, data.intervalMs);
    series = all.slice(0, MOST_SERIES);
    shape = arrange(series, hidden);
    const empty = !series.some(({ values }) => values.some((value) => value !== null && value !== undefined));
    const groups = grouped(series);
    const { from, to } = data.range;
    chart.show({
      signature: signatureOf(series, groups, hidden, empty),
      options: () => plotOptions(groups, empty),
      data: empty
        ? [
            [from, to],
            [null, null],
          ]
        : [shape.times, ...shape.columns],
      range: data.range,
      annotations: data.annotations,
      message: problem ?? (empty ? emptyText(data, frames) : ''),
      note: all.length > series.length ? `The first ${series.length} of ${all.length} series` : '',
    });
    legend.update({
      mode: legendMode(options.legend),
      placement: options.legend?.placement,
      headings: calcs.map(calculationName),
      rows: sortedRows(legendRows(series, calcs, hidden), options.legend),
    });
  };

  return {
    update(next) {
      data = next;
      render();
    },
    resize: () => (data ? chart.fit() : undefined),
    destroy: chart.destroy,
  };
}
