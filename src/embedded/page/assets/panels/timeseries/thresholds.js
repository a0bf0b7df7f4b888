// Thresholds on a chart of time: lines at their values, or areas between them.

import { colour, translucent } from '../model/colours.js';
import { steps } from '../model/thresholds.js';

const AREA = 0.12;

function areas(plot, scale, list, theme) {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales[scale];
  const within = (value) => Math.min(max, Math.max(min, value));
  list.forEach(({ value, color }, at) => {
    const low = plot.valToPos(within(value), scale, true);
    const high = plot.valToPos(within(list[at + 1]?.value ?? Infinity), scale, true);
    ctx.fillStyle = translucent(colour(color, theme), AREA);
    ctx.fillRect(bbox.left, high, bbox.width, low - high);
  });
}

function lines(plot, scale, list, theme, dashed) {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales[scale];
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash(dashed ? [10 * devicePixelRatio, 10 * devicePixelRatio] : []);
  for (const { value, color } of list) {
    if (!(value >= min && value <= max)) continue;
    const y = Math.round(plot.valToPos(value, scale, true));
    ctx.strokeStyle = translucent(colour(color, theme), 0.7);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
}

/** A uPlot hook that draws behind the series. `groups` are the axes with their first series. */
export function thresholdMarks(groups, theme) {
  const marked = groups
    .map(({ key, first }) => ({
      key,
      mode: first.custom.thresholdsStyle?.mode ?? 'off',
      list: steps(first.field.config),
    }))
    .filter(({ mode }) => mode !== 'off');
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { key, mode, list } of marked) {
      if (mode.includes('area')) areas(plot, key, list, theme);
      if (mode.includes('line') || mode.includes('dashed')) lines(plot, key, list, theme, mode.includes('dashed'));
    }
    ctx.restore();
  };
}
