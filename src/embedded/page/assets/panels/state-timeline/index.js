// The `state-timeline` and `status-history` panels: one row a field, coloured by state, with the chart's time axis and pointer.

import { formatValue } from '../../units.js';
import { iso } from '../../units/moment.js';
import { nameColour } from '../model/colours.js';
import { prepare } from '../model/prepare.js';
import { steps } from '../model/thresholds.js';
import { timeAxis } from '../plot/axes.js';
import { createChart } from '../plot/chart.js';
import { FONT, ink, textWidth } from '../plot/ink.js';
import { createLegend, toggled } from '../plot/legend.js';
import { emptyText } from '../plot/message.js';
import { ordered, spacing } from '../timeseries/align.js';
import { drawRows } from './draw.js';
import { boxes, stretchAt, stretches } from './states.js';

const NAME_SHARE = 0.3;

/** A palette by place gives all states of a row one colour, so that states are coloured by their own names there. */
function stateOf(field, value, theme) {
  const display = field.display(value);
  const { color, unit } = field.config;
  const text =
    display.whole === '' || (typeof value === 'boolean' && !unit && !display.mapped) ? String(value) : display.whole;
  if (display.painted) return { text, group: text, colour: display.colour };
  if (typeof value !== 'number' || (color?.mode ?? 'palette-classic').startsWith('palette')) {
    return { text, group: text, colour: nameColour(text, theme) };
  }
  return { text, group: color.mode === 'thresholds' ? stepText(field, value) : text, colour: display.colour };
}

/** What the legend calls the values of one threshold: `< 80`, `80+`. */
function stepText({ config, display }, value) {
  const list = steps(config);
  const at = list.findLastIndex((step) => value >= step.value);
  const write = (number) => formatValue(number, config.unit, config.decimals);
  if (at < 0 || list.length < 2) return display(value).whole;
  return at === 0 ? `< ${write(list[1].value)}` : `${write(list[at].value)}+`;
}

function listOf(field, time, { data, merge, history, options }) {
  const { times, values } = ordered({ times: time.values, values: field.values });
  if (history) return boxes(times, values, Math.max(spacing(times), data.intervalMs || 0) * (options.colWidth ?? 0.9));
  const { spanNulls, insertNulls } = field.config.custom ?? {};
  return stretches(times, values, { end: data.range.to, merge, spanNulls, insertNulls: insertNulls || Infinity });
}

/** [{ name, field, list: [{ from, to, value, text, group, colour }] }]; a group is one entry of the legend. */
function rowsOf(frames, theme, options) {
  return frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    const fields = time
      ? frame.fields.filter((field) => field.type !== 'time' && !field.config.custom?.hideFrom?.viz)
      : [];
    return fields.map((field) => {
      const known = new Map();
      const state = (value) => {
        if (!known.has(value)) known.set(value, stateOf(field, value, theme));
        return known.get(value);
      };
      return {
        name: field.title,
        field,
        list: listOf(field, time, options).map((one) => ({ ...one, ...state(one.value) })),
      };
    });
  });
}

function statesOf(rows) {
  const states = new Map();
  for (const { list } of rows) for (const { group, colour } of list) states.set(group, { name: group, mark: colour });
  return [...states.values()].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}

function rowAxis({ theme }, rows) {
  const { faint } = ink(theme);
  return {
    scale: 'y',
    stroke: faint,
    font: FONT,
    gap: 5,
    grid: { show: false },
    ticks: { show: false },
    splits: () => rows().map((_, at) => rows().length - at - 0.5),
    values: (plot) => rows().map(({ name }) => shortened(name, plot.width * NAME_SHARE)),
    size: (plot, texts) => Math.ceil(Math.max(0, ...(texts ?? []).map((text) => textWidth(text)))) + 12,
  };
}

function shortened(text, most) {
  if (textWidth(text) <= most) return text;
  let length = text.length;
  while (length > 1 && textWidth(`${text.slice(0, length)}…`) > most) length -= 1;
  return `${text.slice(0, length)}…`;
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const history = panel.type === 'status-history';
  let hidden = new Set();
  let data = null;
  let rows = [];

  const hover = (plot) => {
    const time = plot.posToVal(plot.cursor.left, 'x');
    const under = Math.floor((plot.cursor.top / plot.over.clientHeight) * rows.length);
    const all = rows.map((row, at) => ({ row, at, found: stretchAt(row.list, time) })).filter(({ found }) => found);
    const here = all.find(({ at }) => at === under);
    const shown = options.tooltip?.mode === 'multi' ? all : all.filter((one) => one === here);
    if (options.tooltip?.mode === 'none' || shown.length === 0) return null;
    const span =
      here && !history
        ? `${iso(here.found.from, context.timeZone)} – ${iso(here.found.to, context.timeZone)} (${formatValue(here.found.to - here.found.from, 'ms')})`
        : iso(time, context.timeZone);
    return {
      title: span,
      rows: shown.map(({ row, found, at }) => ({
        name: row.name,
        mark: found.colour,
        value: found.text,
        strong: shown.length > 1 && at === under,
      })),
    };
  };
  const chart = createChart(body, context, { hover, title: panel.title });
  const legend = createLegend(chart.legend, {
    onToggle(name, add) {
      hidden = toggled(
        statesOf(rows).map((state) => state.name),
        hidden,
        name,
        add,
      );
      render();
    },
  });

  const plotOptions = () => ({
    scales: { y: { auto: false, range: () => [0, Math.max(1, rows.length)] } },
    axes: [timeAxis(context), rowAxis(context, () => rows)],
    padding: [8, 22, 0, 6],
    series: [{}, { scale: 'y', show: true, paths: () => null, points: { show: false } }],
    cursor: { y: false, points: { show: false } },
    hooks: {
      drawClear: [
        (plot) => {
          const custom = panel.fieldConfig?.defaults?.custom ?? {};
          drawRows(
            plot,
            rows.map(({ list }) => ({ list: list.map((one) => ({ ...one, hidden: hidden.has(one.group) })) })),
            { ...custom, ...options },
          );
        },
      ],
    },
  });

  const render = () => {
    const { frames, problem } = prepare(panel, data, context);
    rows = problem
      ? []
      : rowsOf(frames, context.theme, { data, merge: options.mergeValues !== false, history, options });
    const { from, to } = data.range;
    chart.show({
      signature: JSON.stringify([rows.map(({ name }) => name)]),
      options: plotOptions,
      data: [
        [from, to],
        [null, null],
      ],
      range: data.range,
      annotations: data.annotations,
      message: problem ?? (rows.length === 0 ? emptyText(data, frames) : ''),
    });
    legend.update({
      mode: options.legend?.showLegend === false ? 'hidden' : (options.legend?.displayMode ?? 'list'),
      placement: options.legend?.placement,
      headings: [],
      rows: statesOf(rows).map((state) => ({ ...state, hidden: hidden.has(state.name), values: [] })),
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
