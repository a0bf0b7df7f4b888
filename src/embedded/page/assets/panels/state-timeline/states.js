// From a column of states over time to stretches of one state; where a stretch ends and what merges. Draws nothing.

const missing = (value) => value === null || value === undefined;

/**
 * [{ from, to, value }] in the order of time. A state lasts until the next one, the last until `end`; null ends it, unless
 * `spanNulls` (true, or ms that a hole may last). With `merge` equal neighbours are one stretch.
 */
export function stretches(times, values, { end, merge = true, spanNulls = false, insertNulls = Infinity }) {
  const found = [];
  times.forEach((from, at) => {
    if (missing(values[at])) return;
    let next = at + 1;
    while (next < times.length && missing(values[next])) next += 1;
    const holeEnds = next < times.length ? times[next] : end;
    const hole = next > at + 1 ? holeEnds - times[at + 1] : 0;
    const spans = hole > 0 && (spanNulls === true || (typeof spanNulls === 'number' && hole <= spanNulls));
    const natural = spans || hole === 0 ? holeEnds : times[at + 1];
    const to = Math.min(natural, from + (typeof insertNulls === 'number' ? insertNulls : Infinity));
    const last = found.at(-1);
    if (merge && last && last.value === values[at] && last.to === from) last.to = to;
    else if (to > from) found.push({ from, to, value: values[at] });
  });
  return found;
}

/** `status-history`: a box of `width` ms round the time of each value. */
export function boxes(times, values, width) {
  return times.flatMap((time, at) =>
    missing(values[at]) ? [] : [{ from: time - width / 2, to: time + width / 2, value: values[at] }],
  );
}

/** The stretch at that time, or undefined. */
export const stretchAt = (list, time) => list.findLast(({ from, to }) => from <= time && time < to);
