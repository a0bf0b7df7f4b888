// Series that are buckets already, one a series: their order and the boxes that their values are for.

import { aligned, spacing } from '../timeseries/align.js';

const INFINITE = /^\+?inf(inity)?$/i;

/** The bound in a bucket's name, `le` label or `a-b` range; NaN for a name that is none. */
export function boundOf({ name, labels = {} }) {
  const text = String(labels.le ?? labels.ge ?? name).trim();
  if (INFINITE.test(text)) return Infinity;
  if (/^-inf(inity)?$/i.test(text)) return -Infinity;
  const found = /^(?:le|ge|<=?|>=?)?[\s=:]*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(text);
  return found ? Number(found[1]) : NaN;
}

/**
 * `series`: [{ name, labels, times, values }]. Like `bucketed`, but rows are as high as each other whatever their bounds
 * are, and have `names`.
 */
export function rowsOf(series, intervalMs = 0) {
  const bounded = series.map((one) => ({ ...one, bound: boundOf(one) }));
  const ordered = bounded.every(({ bound }) => !Number.isNaN(bound))
    ? bounded.toSorted((one, other) => (one.bound < other.bound ? -1 : Number(one.bound > other.bound)))
    : bounded;
  const { times, columns } = aligned(ordered);
  if (times.length === 0) return null;
  const width = spacing(times) || intervalMs || 1000;
  const start = times[0];
  const count = Math.floor((times.at(-1) - start) / width + 0.5) + 1;
  const counts = new Float64Array(count * ordered.length);
  columns.forEach((values, row) => {
    values.forEach((value, at) => {
      if (typeof value === 'number')
        counts[Math.floor((times[at] - start) / width + 0.5) * ordered.length + row] += value;
    });
  });
  const upper = ordered.every(({ bound }) => !Number.isNaN(bound));
  return {
    columns: count,
    rows: ordered.length,
    start,
    width,
    counts,
    log: false,
    edge: (row) => row,
    names: ordered.map(({ name }) => name),
    upper,
  };
}
