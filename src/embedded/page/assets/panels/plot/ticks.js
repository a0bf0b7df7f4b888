// The texts beside the ticks of an axis: times by the distance of the ticks, values with as few decimals as tell them apart.

import { formatParts, joinParts } from '../../units.js';
import { calendar } from '../../units/moment.js';

const MINUTE = 60000;
const DAY = 86400000;

function timeParts(distance, span) {
  if (distance < 1000) return ({ hour, minute, second, milliseconds }) => `${hour}:${minute}:${second}.${milliseconds}`;
  if (distance < MINUTE) return ({ hour, minute, second }) => `${hour}:${minute}:${second}`;
  if (span <= DAY) return ({ hour, minute }) => `${hour}:${minute}`;
  if (distance < DAY) return ({ month, day, hour, minute }) => `${month}/${day} ${hour}:${minute}`;
  if (distance < 28 * DAY) return ({ month, day }) => `${month}/${day}`;
  if (distance < 364 * DAY) return ({ year, month }) => `${year}-${month}`;
  return ({ year }) => year;
}

/** `distance` of the ticks and `span` of the axis in milliseconds. */
export function timeTicks(times, distance, span, zone) {
  const write = timeParts(distance, span);
  return times.map((time) => write(calendar(time, zone)));
}

const MOST = 6;

/** Whether no text of these values hides a part of its value. */
function exact(values, unit, decimals) {
  return values.every((value) => {
    const short = formatParts(value, unit, decimals);
    const long = formatParts(value, unit, MOST);
    return short.suffix === long.suffix && Number(short.text) === Number(long.text);
  });
}

function decimalsFor(values, unit) {
  let decimals = 0;
  while (decimals < MOST && !exact(values, unit, decimals)) decimals += 1;
  return decimals;
}

/** Values of one prefix, such as all in `ms`, have the same decimals; units whose text is no number are left as they are. */
export function valueTicks(values, unit, zone) {
  const groups = Map.groupBy(
    values.filter((value) => value !== null && value !== undefined),
    (value) => formatParts(value, unit, MOST).suffix,
  );
  const texts = new Map();
  for (const group of groups.values()) {
    const numeric = group.every((value) => !Number.isNaN(Number(formatParts(value, unit, MOST).text)));
    const decimals = numeric
      ? decimalsFor(
          group.filter((value) => value !== 0),
          unit,
        )
      : undefined;
    for (const value of group)
      texts.set(value, joinParts(formatParts(value, unit, value === 0 && numeric ? 0 : decimals, zone)));
  }
  return values.map((value) => texts.get(value) ?? '');
}
