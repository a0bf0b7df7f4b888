// How one series is drawn: lines, bars or points, their fill, dashes and gaps, as uPlot's options for a series.

import uPlot from '../../uplot.js';
import { steps } from '../model/thresholds.js';
import { colour as named, translucent } from '../model/colours.js';

const LINES = {
  linear: uPlot.paths.linear(),
  smooth: uPlot.paths.spline(),
  stepBefore: uPlot.paths.stepped({ align: -1 }),
  stepAfter: uPlot.paths.stepped({ align: 1 }),
};
const DASHES = { dash: [10, 10], dot: [0, 8] };
const WIDEST_BAR = 200;

/** No bar is wider than the time it stands for. `current()` is the series of the latest data; `bases()` are the values that the bars stand on, or null. */
function bars({ custom }, current, bases) {
  const factor = custom.barWidthFactor ?? 0.6;
  return (plot, index, from, to) => {
    const { min, max } = plot.scales.x;
    const { usual } = current();
    const room = (plot.bbox.width / devicePixelRatio) * (usual / (max - min)) * factor;
    const widest = Math.min(custom.barMaxWidth ?? WIDEST_BAR, usual ? Math.max(1, room) : WIDEST_BAR);
    const stacked = bases() && { y0: { values: () => bases() }, y1: { values: () => plot.data[index] } };
    const draw = uPlot.paths.bars({
      size: [factor, widest, 1],
      align: custom.barAlignment ?? 0,
      ...(stacked && { disp: stacked }),
    });
    return draw(plot, index, from, to);
  };
}

/** Points that no line reaches because both neighbours are missing. */
export function lonely(values) {
  const found = [];
  let connected = false;
  let last = -1;
  for (let at = 0; at <= values.length; at += 1) {
    const value = values[at];
    if (value === undefined && at < values.length) continue;
    if (value === null || at === values.length) {
      if (last >= 0 && !connected) found.push(last);
      connected = false;
      last = -1;
    } else {
      connected = last >= 0;
      last = at;
    }
  }
  return found;
}

/** The CSS background that stands for a series beside its name: dashed where the line is. */
export function seriesMark(colour, { lineStyle, drawStyle = 'line' }) {
  if (drawStyle !== 'line' || !DASHES[lineStyle?.fill]) return colour;
  return `repeating-linear-gradient(to right, ${colour} 0 4px, transparent 4px 5px)`;
}

function fade(plot, css, opacity) {
  const { top, height } = plot.bbox;
  const made = plot.ctx.createLinearGradient(0, top, 0, top + height);
  made.addColorStop(0, translucent(css, opacity));
  made.addColorStop(1, translucent(css, 0));
  return made;
}

/** The colours of the thresholds at their heights. */
function banded(plot, scale, list, theme, opacity) {
  const { top, height } = plot.bbox;
  const made = plot.ctx.createLinearGradient(0, top + height, 0, top);
  const share = (value) => Math.min(1, Math.max(0, (top + height - plot.valToPos(value, scale, true)) / height));
  list.forEach(({ value, color }, at) => {
    const css = translucent(named(color, theme), opacity);
    made.addColorStop(value === -Infinity ? 0 : share(value), css);
    made.addColorStop(at + 1 < list.length ? share(list[at + 1].value) : 1, css);
  });
  return made;
}

function paint(one, scale, theme) {
  const { field, custom } = one;
  const list = custom.gradientMode === 'scheme' && field.config.color?.mode === 'thresholds' ? steps(field.config) : [];
  const opacity = (custom.fillOpacity ?? 0) / 100;
  return {
    stroke: (plot, current) =>
      list.length && plot.bbox.height ? banded(plot, scale, list, theme, 1) : current().colour,
    fill: (plot, current) => {
      if (opacity === 0) return null;
      if (list.length && plot.bbox.height) return banded(plot, scale, list, theme, opacity);
      if (custom.gradientMode === 'opacity' && plot.bbox.height) return fade(plot, current().colour, opacity);
      return translucent(current().colour, opacity);
    },
  };
}

/** `current()` answers the series of the latest data, whose colour may change without new options. */
export function seriesOptions(one, { scale, hidden, theme, current, bases }) {
  const { custom } = one;
  const style = custom.drawStyle ?? 'line';
  const painted = paint(one, scale, theme);
  const size = Math.max(1, custom.pointSize ?? 5);
  const points = custom.showPoints ?? 'auto';
  const dash = DASHES[custom.lineStyle?.fill] && (custom.lineStyle.dash ?? DASHES[custom.lineStyle.fill]);
  const width = custom.lineWidth ?? 1;
  return {
    scale,
    show: !hidden,
    spanGaps: custom.spanNulls === true,
    stroke: (plot) => painted.stroke(plot, current),
    fill: style === 'points' ? undefined : (plot) => painted.fill(plot, current),
    width: style === 'points' ? 0 : width,
    dash: style === 'line' ? dash || undefined : undefined,
    paths:
      style === 'points'
        ? () => null
        : style === 'bars'
          ? bars(one, current, bases)
          : (LINES[custom.lineInterpolation] ?? LINES.linear),
    points: {
      size,
      width: 1,
      space: size * 4,
      stroke: () => current().colour,
      fill: () => current().colour,
      ...(style === 'points' || (style === 'line' && points === 'always') ? { show: true } : {}),
      ...(style === 'bars' || (style === 'line' && points === 'never') ? { show: false } : {}),
      filter: (plot, index, show) => (show || style !== 'line' ? null : lonely(plot.data[index])),
    },
  };
}
