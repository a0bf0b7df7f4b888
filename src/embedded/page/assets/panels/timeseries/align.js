// Columns with times of their own to columns over one common list of times; and the gaps in them made visible.

/** How many times the usual distance two points may lie apart before the line between them breaks. */
const BREAK = 2.5;

function equal(one, other) {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

const ascending = (times) => times.every((time, at) => at === 0 || times[at - 1] <= time);

/** `times` and `values` in the order of time. */
export function ordered({ times, values }) {
  if (ascending(times)) return { times, values };
  const rows = times.map((_, row) => row).sort((one, other) => times[one] - times[other]);
  return { times: rows.map((row) => times[row]), values: rows.map((row) => values[row]) };
}

/** The median distance of neighbours, or 0 for fewer than two points. */
export function spacing(times) {
  if (times.length < 2) return 0;
  const distances = [];
  for (let at = 1; at < times.length; at += 1) distances.push(times[at] - times[at - 1]);
  distances.sort((one, other) => one - other);
  return distances[distances.length >> 1];
}

/**
 * The distance in ms from which on a line breaks. A dashboard's `insertNulls` and the data source's interval hold as they
 * are; without them a point or two may be missing, because scrapes come a little early or late.
 */
export function breakAt({ insertNulls, fieldInterval, intervalMs = 0, usual }) {
  if (typeof insertNulls === 'number') return insertNulls;
  if (fieldInterval > 0) return fieldInterval;
  return Math.max(intervalMs, usual) * BREAK || Infinity;
}

/** A null behind each point that the next one is too far from. */
export function broken({ times, values }, distance) {
  if (!Number.isFinite(distance)) return { times, values };
  let copied = null;
  for (let at = 0; at < times.length; at += 1) {
    if (at > 0 && times[at] - times[at - 1] > distance) {
      copied ??= { times: times.slice(0, at), values: values.slice(0, at) };
      copied.times.push(times[at - 1] + distance / 2);
      copied.values.push(null);
    }
    if (copied) {
      copied.times.push(times[at]);
      copied.values.push(values[at]);
    }
  }
  return copied ?? { times, values };
}

/** Nulls that a line may cross because the points round them are at most `distance` apart become undefined. */
export function bridged({ times, values }, distance) {
  const result = values.slice();
  let before = -1;
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] === null || values[at] === undefined) continue;
    if (before >= 0 && times[at] - times[before] <= distance) result.fill(undefined, before + 1, at);
    before = at;
  }
  return { times, values: result };
}

/** `undefined` where only other sources have a point. The last of several points at one time stays. */
export function aligned(sources) {
  if (sources.length === 0) return { times: [], columns: [] };
  const [first] = sources;
  if (sources.every(({ times }) => equal(times, first.times))) {
    return { times: first.times, columns: sources.map(({ values }) => values) };
  }
  const times = [...new Set(sources.flatMap((source) => source.times))].sort((one, other) => one - other);
  const place = new Map(times.map((time, at) => [time, at]));
  const columns = sources.map((source) => {
    const column = Array(times.length).fill(undefined);
    source.times.forEach((time, row) => {
      column[place.get(time)] = source.values[row];
    });
    return column;
  });
  return { times, columns };
}
