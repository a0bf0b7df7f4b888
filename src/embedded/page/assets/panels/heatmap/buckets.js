// How many values of some series fall into each box of time and value; sizes of the boxes are computed where none are given.

const NICE = [1, 2, 2.5, 5, 10];
const DURATIONS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000,
];
const MOST_CELLS = 200000;

/** The smallest round number that is at least `size`. */
export function niceStep(size) {
  if (!(size > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  return power * NICE.find((step) => step * power >= size * (1 - 1e-9));
}

/** The smallest usual duration in ms that is at least `size` ms. */
export function niceDuration(size) {
  if (size < 1000) return niceStep(size);
  return (DURATIONS.find((seconds) => seconds * 1000 >= size) ?? Math.ceil(size / 86400000) * 86400) * 1000;
}

const UNITS = { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000, w: 604800000 };

/** `30s` in ms, `null` for no duration. */
function parsed(text) {
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?$/.exec(String(text ?? '').trim());
  return found && Number(found[1]) > 0 ? Number(found[1]) * UNITS[found[2] ?? 'ms'] : null;
}

function width({ mode, value } = {}, range, most) {
  const span = range.to - range.from;
  const given =
    mode === 'count' && Number(value) > 0 ? span / Number(value) : mode === 'size' || !mode ? parsed(value) : null;
  return Math.max(given ?? niceDuration(span / most), span / 2000);
}

/** Value axis as equal steps of `forth(value)`; `back` is its inverse. */
function stepper({ mode, value, scale = {} } = {}, low, high, most) {
  const number = Number(value);
  if (scale.type === 'log') {
    const base = scale.log || 2;
    const splits = mode === 'count' && number > 0 ? number : 1;
    return {
      size: 1,
      forth: (one) => (Math.log(one) / Math.log(base)) * splits,
      back: (step) => base ** (step / splits),
      log: true,
    };
  }
  const size =
    mode === 'size' && number > 0
      ? number
      : niceStep((high - low || Math.abs(high) || 1) / (mode === 'count' && number > 0 ? number : most));
  return { size, forth: (one) => one / size, back: (step) => step * size, log: false };
}

/**
 * `series`: [{ times, values }]; `most`: { columns, rows } that fit. Answers { columns, rows, start, width, edge(row), counts,
 * log } with `counts[column * rows + row]`, or null without values.
 */
export function bucketed(series, range, { xBuckets, yBuckets } = {}, most = { columns: 60, rows: 20 }) {
  const log = yBuckets?.scale?.type === 'log';
  const counted = (value) => typeof value === 'number' && Number.isFinite(value) && (!log || value > 0);
  let [low, high] = [Infinity, -Infinity];
  for (const { times, values } of series) {
    values.forEach((value, at) => {
      if (!counted(value) || times[at] < range.from || times[at] > range.to) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  if (low > high) return null;
  const wide = width(xBuckets, range, most.columns);
  const start = Math.floor(range.from / wide) * wide;
  const columns = Math.floor((range.to - start) / wide) + 1;
  let step = stepper(yBuckets, low, high, most.rows);
  if ((step.forth(high) - step.forth(low)) * columns > MOST_CELLS)
    step = stepper({ scale: yBuckets?.scale }, low, high, most.rows);
  const first = Math.floor(step.forth(low) + 1e-9);
  const rows = Math.floor(step.forth(high) + 1e-9) - first + 1;
  const counts = new Float64Array(columns * rows);
  for (const { times, values } of series) {
    values.forEach((value, at) => {
      if (!counted(value) || times[at] < range.from || times[at] > range.to) return;
      counts[Math.floor((times[at] - start) / wide) * rows + Math.floor(step.forth(value) + 1e-9) - first] += 1;
    });
  }
  return { columns, rows, start, width: wide, counts, log: step.log, edge: (row) => step.back(first + row) };
}
