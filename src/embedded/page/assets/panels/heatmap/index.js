// The `heatmap` panel: boxes of time and value coloured by count, on the chart's axes; counting is done in buckets.js and rows.js.

import { formatValue } from '../../units.js';
import { iso } from '../../units/moment.js';
import { element } from '../../dom.js';
import { prepare } from '../model/prepare.js';
import { timeAxis, valueAxis } from '../plot/axes.js';
import { createChart } from '../plot/chart.js';
import { setStyle, setText } from '../plot/elements.js';
import { emptyText } from '../plot/message.js';
import { bucketed } from './buckets.js';
import { rowsOf } from './rows.js';
import { heatColours } from './scheme.js';

/** The smallest box in CSS pixels. */
const CELL = { width: 10, height: 10 };

function seriesOf(frames) {
  return frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    const fields = time ? frame.fields.filter(({ type }) => type === 'number') : [];
    return fields.map((field) => ({
      name: field.title,
      labels: field.labels,
      times: time.values,
      values: field.values,
    }));
  });
}

/** Largest and smallest count of boxes that hold anything. */
function countRange(counts, { min, max } = {}) {
  let [low, high] = [Infinity, 0];
  for (const count of counts) {
    if (count <= 0) continue;
    low = Math.min(low, count);
    high = Math.max(high, count);
  }
  return { low: min ?? (Number.isFinite(low) ? low : 0), high: max ?? high };
}

function drawBoxes(plot, heat, colourOf, gap) {
  const { ctx: pen, bbox } = plot;
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  const ys = Array.from({ length: heat.rows + 1 }, (_, row) => Math.round(plot.valToPos(heat.edge(row), 'y', true)));
  const space = gap * devicePixelRatio;
  for (let column = 0; column < heat.columns; column += 1) {
    const time = heat.start + column * heat.width;
    const left = Math.round(plot.valToPos(time, 'x', true));
    const wide = Math.round(plot.valToPos(time + heat.width, 'x', true)) - left;
    for (let row = 0; row < heat.rows; row += 1) {
      const count = heat.counts[column * heat.rows + row];
      if (!(count > 0)) continue;
      pen.fillStyle = colourOf(count);
      pen.fillRect(left, ys[row + 1], Math.max(1, wide - space), Math.max(1, ys[row] - ys[row + 1] - space));
    }
  }
  pen.restore();
}

/** The row and column at a place, or null. */
function boxAt(heat, time, value) {
  const column = Math.floor((time - heat.start) / heat.width);
  if (column < 0 || column >= heat.columns) return null;
  let row = 0;
  while (row < heat.rows && heat.edge(row + 1) <= value) row += 1;
  return row < heat.rows && value >= heat.edge(0) ? { column, row } : null;
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const { unit = panel.fieldConfig?.defaults?.unit, decimals } = options.yAxis ?? {};
  let data = null;
  let heat = null;
  let range = { low: 0, high: 0 };
  let colours = heatColours(options.color, context.theme);
  const colourOf = (count) => colours(range.high > range.low ? (count - range.low) / (range.high - range.low) : 1);
  const counted = (count) => formatValue(count, options.cellValues?.unit ?? 'short', options.cellValues?.decimals);

  const rowText = (row) => {
    if (heat.names) return heat.names[row];
    return `${formatValue(heat.edge(row), unit, decimals)} – ${formatValue(heat.edge(row + 1), unit, decimals)}`;
  };

  const hover = (plot) => {
    if (!heat || options.tooltip?.show === false || options.tooltip?.mode === 'none') return null;
    const box = boxAt(heat, plot.posToVal(plot.cursor.left, 'x'), plot.posToVal(plot.cursor.top, 'y'));
    const count = box ? heat.counts[box.column * heat.rows + box.row] : 0;
    if (!count) return null;
    const from = heat.start + box.column * heat.width;
    return {
      title: `${iso(from, context.timeZone, true)} – ${iso(from + heat.width, context.timeZone, true)}`,
      rows: [
        { name: heat.names ? 'Bucket' : 'Values', value: rowText(box.row) },
        { name: 'Count', mark: colourOf(count), value: counted(count), strong: true },
      ],
    };
  };

  const chart = createChart(body, context, { hover, title: panel.title });
  const scale = element(
    'div',
    { class: 'heat-scale' },
    element('span'),
    element('div', { class: 'heat-bar' }),
    element('span'),
  );
  chart.root.append(scale);

  const rowAxis = () => ({
    ...valueAxis(context, {
      scale: 'y',
      unit,
      grid: false,
      right: options.yAxis?.axisPlacement === 'right',
      label: options.yAxis?.axisLabel,
    }),
    ...(heat?.names && {
      // An upper bound stands at the upper edge of its row
      splits: () => heat.names.map((_, row) => row + (heat.upper ? 1 : 0.5)),
      values: (plot) =>
        heat.names.map((name, row) =>
          (heat.rows - 1 - row) % Math.ceil((heat.rows * 14) / Math.max(1, plot.height - 30)) === 0 ? label(name) : '',
        ),
    }),
  });

  const label = (name) => (Number.isFinite(Number(name)) && unit ? formatValue(Number(name), unit, decimals) : name);

  const limits = () => {
    if (!heat) return [0, 1];
    const { min, max } = options.yAxis ?? {};
    return heat.names ? [0, heat.rows] : [min ?? heat.edge(0), max ?? heat.edge(heat.rows)].map(Number);
  };

  const plotOptions = () => ({
    scales: { y: { auto: false, range: limits, ...(heat?.log && { distr: 3, log: 10 }) } },
    axes: [timeAxis(context), ...(heat ? [rowAxis()] : [])],
    series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
    cursor: { points: { show: false } },
    hooks: { drawClear: [(plot) => heat && drawBoxes(plot, heat, colourOf, options.cellGap ?? 1)] },
  });

  const countBoxes = (series) => {
    if (options.calculate !== true) return rowsOf(series, data.intervalMs);
    const most = {
      columns: Math.max(10, Math.floor(chart.box.clientWidth / CELL.width)),
      rows: Math.max(4, Math.min(40, Math.floor(chart.box.clientHeight / CELL.height))),
    };
    return bucketed(series, data.range, options.calculation, most);
  };

  const writeScale = () => {
    scale.hidden = !heat || options.legend?.show === false;
    if (scale.hidden) return;
    const [low, bar, high] = scale.children;
    setText(low, counted(range.low));
    setText(high, counted(range.high));
    const stops = Array.from({ length: 17 }, (_, at) => colours(at / 16));
    setStyle(bar, 'background', `linear-gradient(to right, ${stops.join(', ')})`);
  };

  const render = () => {
    const { frames, problem } = prepare(panel, data, context);
    heat = problem ? null : countBoxes(seriesOf(frames));
    range = countRange(heat?.counts ?? [], options.color);
    colours = heatColours(options.color, context.theme);
    chart.show({
      signature: JSON.stringify([heat === null, heat?.log, heat?.names]),
      options: plotOptions,
      data: [
        [data.range.from, data.range.to],
        [null, null],
      ],
      range: data.range,
      annotations: data.annotations,
      message: problem ?? (heat ? '' : emptyText(data, frames)),
    });
    writeScale();
  };

  return {
    update(next) {
      data = next;
      render();
    },
    resize: () => (data ? render() : undefined),
    destroy: chart.destroy,
  };
}
