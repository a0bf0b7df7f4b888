// What gauges and bar gauges have in common: how far along its range a value is, and the threshold ranges on the way.

import { colour } from '../model/colours.js';
import { steps } from '../model/thresholds.js';

/** The least (not above 0) and the largest number among the values and what they were reduced from. */
export function extentOf(all) {
  let [min, max] = [0, -Infinity];
  for (const { value, values } of all) {
    for (const one of [value, ...(values ?? [])]) {
      if (typeof one !== 'number') continue;
      min = Math.min(min, one);
      max = Math.max(max, one);
    }
  }
  return { min, max };
}

/** { min, max } from the field, else of all values beside it. */
export function rangeOf({ field }, extent) {
  const min = Number(field.config.min ?? extent.min);
  const max = Number(field.config.max ?? extent.max);
  return Number.isFinite(max) && max > min ? { min, max } : { min, max: min + 1 };
}

export function shareOf(value, { min, max }) {
  return typeof value === 'number' ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
}

/** [{ from, to, colour }] in shares of the range. */
export function bands(field, range, theme) {
  const list = steps(field.config, range);
  const at = (value) => (value === -Infinity ? 0 : shareOf(value, range));
  return list
    .map(({ value, color }, place) => ({
      from: at(value),
      to: place + 1 < list.length ? at(list[place + 1].value) : 1,
      colour: colour(color, theme),
    }))
    .filter(({ from, to }) => to > from);
}
