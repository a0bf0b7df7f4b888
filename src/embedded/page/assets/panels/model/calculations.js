// One number from a column of values, by Grafana's ids (`lastNotNull`, `p95`, …); nulls count only where an id says so.

const isNumber = (value) => typeof value === 'number' && !Number.isNaN(value);

/** What most calculations need, in one pass. */
function summary(values) {
  const found = { count: 0, sum: 0, min: Infinity, max: -Infinity, aboveZero: Infinity };
  for (const value of values) {
    if (!isNumber(value)) continue;
    found.count += 1;
    found.sum += value;
    if (value < found.min) found.min = value;
    if (value > found.max) found.max = value;
    if (value > 0 && value < found.aboveZero) found.aboveZero = value;
  }
  return found;
}

const present = (values) => values.filter((value) => value !== null && value !== undefined && !Number.isNaN(value));
const numbers = (values) => values.filter(isNumber);
const some = (value) => (Number.isFinite(value) ? value : null);
const firstPresent = (values) => values.find((value) => value !== null && value !== undefined) ?? null;
const lastPresent = (values) => values.findLast((value) => value !== null && value !== undefined) ?? null;

/** Linear between the two nearest ranks. */
export function quantile(values, share) {
  const sorted = numbers(values).sort((one, other) => one - other);
  if (sorted.length === 0) return null;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

function variance(values) {
  const all = numbers(values);
  if (all.length === 0) return null;
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
}

/** The growth of a counter; a fall is a restart from 0. */
function delta(values) {
  const all = numbers(values);
  let sum = 0;
  for (let at = 1; at < all.length; at += 1) sum += all[at] >= all[at - 1] ? all[at] - all[at - 1] : all[at];
  return sum;
}

function smallestStep(values) {
  const all = numbers(values);
  let step = Infinity;
  for (let at = 1; at < all.length; at += 1) step = Math.min(step, all[at] - all[at - 1]);
  return some(step);
}

function difference(values) {
  const all = numbers(values);
  return all.length === 0 ? null : all.at(-1) - all[0];
}

function changes(values) {
  const all = present(values);
  return all.filter((value, at) => at > 0 && value !== all[at - 1]).length;
}

const CALCULATIONS = {
  lastNotNull: ['Last *', lastPresent],
  last: ['Last', (values) => values.at(-1) ?? null],
  firstNotNull: ['First *', firstPresent],
  first: ['First', (values) => values[0] ?? null],
  min: ['Min', (values) => some(summary(values).min)],
  max: ['Max', (values) => some(summary(values).max)],
  mean: [
    'Mean',
    (values) => {
      const { sum, count } = summary(values);
      return count ? sum / count : null;
    },
  ],
  sum: [
    'Total',
    (values) => {
      const { sum, count } = summary(values);
      return count ? sum : null;
    },
  ],
  count: ['Count', (values) => values.length],
  range: [
    'Range',
    (values) => {
      const { min, max } = summary(values);
      return some(max - min);
    },
  ],
  delta: ['Delta', delta],
  step: ['Step', smallestStep],
  diff: ['Difference', difference],
  diffperc: [
    'Difference percent',
    (values) => {
      const all = numbers(values);
      return some(difference(values) / all[0]);
    },
  ],
  logmin: ['Min (above zero)', (values) => some(summary(values).aboveZero)],
  allIsZero: ['All zeros', (values) => numbers(values).length > 0 && values.every((value) => value === 0)],
  allIsNull: ['All nulls', (values) => values.every((value) => value === null || value === undefined)],
  changeCount: ['Change count', changes],
  distinctCount: ['Distinct count', (values) => new Set(present(values)).size],
  median: ['Median', (values) => quantile(values, 0.5)],
  variance: ['Variance', variance],
  stdDev: [
    'StdDev',
    (values) => {
      const found = variance(values);
      return found === null ? null : Math.sqrt(found);
    },
  ],
  uniqueValues: ['All unique values', (values) => [...new Set(present(values))].join(', ')],
  allValues: ['All values', (values) => values.join(', ')],
};

/** Names of the `graph` and `singlestat` panels of Grafana 7 and before. */
const OLD = { avg: 'mean', current: 'lastNotNull', total: 'sum', name: 'lastNotNull', minnonzero: 'logmin' };

function find(id) {
  const known = CALCULATIONS[OLD[id] ?? id];
  if (known) return known;
  const percentile = /^p(\d{1,2}(?:\.\d+)?)$/.exec(id);
  if (!percentile) return null;
  return [`${percentile[1]}th %`, (values) => quantile(values, Number(percentile[1]) / 100)];
}

export const isCalculation = (id) => find(id) !== null;

/** What a legend or a table calls it. */
export const calculationName = (id) => find(id)?.[0] ?? id;

/** `null` where there is nothing to calculate from, or the id is unknown. */
export function calculate(id, values) {
  const found = find(id);
  return found ? found[1](values) : null;
}

/** Whether the result is in the unit of the values; counts are not. */
export function keepsUnit(id) {
  return !['count', 'changeCount', 'distinctCount', 'diffperc', 'allIsZero', 'allIsNull'].includes(id);
}
