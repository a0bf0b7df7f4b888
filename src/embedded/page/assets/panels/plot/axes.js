// uPlot's axes and scales in the look of the page; which scales a panel has is the panel's own business.

import uPlot from '../../uplot.js';
import { zoneName } from '../../units/moment.js';
import { FONT, ink, textWidth } from './ink.js';
import { timeTicks, valueTicks } from './ticks.js';

const LEFT = 3;
export const RIGHT = 1;

/** Times are milliseconds everywhere. */
export function timeOptions(zone) {
  const name = zoneName(zone);
  return { ms: 1, tzDate: (time) => (name ? uPlot.tzDate(new Date(time), name) : new Date(time)) };
}

/** Always the whole of what was asked for, whatever data there is. */
export const timeScale = (range) => ({ time: true, auto: false, range: () => [range().from, range().to] });

/** Pixels between ticks: texts without seconds are shorter, those with a date longer. */
function timeSpace(_plot, _axis, min, max, pixels) {
  if (max - min > 86_400_000) return 92;
  const withSeconds = ((max - min) / pixels) * 46 <= 30_000;
  return withSeconds ? 62 : 46;
}

export function timeAxis({ theme, timeZone }, { show = true } = {}) {
  const { faint, grid } = ink(theme);
  return {
    show,
    scale: 'x',
    stroke: faint,
    font: FONT,
    size: 26,
    gap: 4,
    space: timeSpace,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
    values: (plot, splits, _axis, _space, distance) =>
      timeTicks(splits, distance, plot.scales.x.max - plot.scales.x.min, timeZone),
  };
}

/** As wide as the widest text, so that no pixel of a small panel is lost. */
const fitting = (plot, values) => Math.ceil(Math.max(0, ...(values ?? []).map((text) => textWidth(text ?? '')))) + 14;

const WHOLE = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, power) => 2 ** power);
/** Units whose round numbers are multiples of 1024. */
const BINARY = /^([kmgtp]?bytes|bits|bin[Bb]ps|[KMGTP]iBs|[KMGTP]ibits)$/;

/** `grid` only on one of several axes, else lines cross at no value. */
export function valueAxis(
  { theme, timeZone },
  { scale, right = false, label, unit, grid = true, whole = false, size, border = false },
) {
  const colours = ink(theme);
  return {
    scale,
    side: right ? RIGHT : LEFT,
    stroke: colours.faint,
    font: FONT,
    labelFont: FONT,
    label: label || undefined,
    labelSize: 18,
    labelGap: 0,
    gap: 5,
    space: 30,
    size: size ?? fitting,
    border: { show: border, stroke: colours.grid, width: 1 },
    grid: { show: grid, stroke: colours.grid, width: 1 },
    ticks: { show: false },
    incrs: BINARY.test(unit) ? POWERS_OF_TWO : whole ? WHOLE : undefined,
    values: (_plot, splits) => valueTicks(splits, unit, timeZone),
  };
}

const part = (hard, soft) => ({
  pad: 0.1,
  hard: hard ?? undefined,
  soft: soft ?? 0,
  mode: soft === null || soft === undefined ? 3 : 1,
});

/** Limits that a dashboard sets hold; the others go round the data, with 0 where it is near. */
export function linearRange({ min, max, softMin, softMax }, low, high) {
  if (low === null || low === undefined) return [min ?? softMin ?? 0, max ?? softMax ?? Math.max(1, (min ?? 0) + 1)];
  if (low === high && low === 0) return [min ?? softMin ?? 0, Math.max(max ?? softMax ?? 1, (min ?? 0) + 1e-9)];
  // With the set limits, so that there is air above a line that keeps close to its highest value
  const given = uPlot.rangeNum(Math.min(low, min ?? low), Math.max(high, max ?? high), {
    min: part(min, softMin === undefined ? undefined : Math.min(softMin, low)),
    max: part(max, softMax === undefined ? undefined : Math.max(softMax, high)),
  });
  return [min ?? given[0], max ?? given[1]].sort((one, other) => one - other);
}

function logRange({ min, max }, low, high, base) {
  const found = low > 0 ? uPlot.rangeLog(low, high, base, true) : [1, base];
  return [min > 0 ? min : found[0], max > 0 ? max : found[1]];
}

/** `distribution`: Grafana's { type: 'linear' | 'log' | 'symlog', log, linearThreshold }. */
export function valueScale(limits, distribution = {}) {
  if (distribution.type === 'log') {
    const base = distribution.log === 2 ? 2 : 10;
    return { distr: 3, log: base, range: (_plot, low, high) => logRange(limits, low, high, base) };
  }
  if (distribution.type === 'symlog') {
    return {
      distr: 4,
      asinh: distribution.linearThreshold || 1,
      range: (_plot, low, high) => uPlot.rangeAsinh(low ?? 0, high ?? 1, 10, true),
    };
  }
  return { range: (_plot, low, high) => linearRange(limits, low, high) };
}
