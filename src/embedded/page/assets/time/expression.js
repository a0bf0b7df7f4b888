// Grafana's time expressions (`now-5m`, `now/d`, epoch milliseconds, dates) to moments; the clock is an argument.

import { fromParts, isMoment, partsIn, weekday } from './zone.js';

const UNITS = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', M: 'month', Q: 'quarter', y: 'year' };
const FIXED_MS = { s: 1000, m: 60_000, h: 3_600_000 };
const WEEK_STARTS = { sunday: 0, monday: 1, saturday: 6 };

/**
 * Milliseconds since the epoch, or `null` for what is no time.
 *
 * `settings`: `now` (ms), `zone` (IANA name), `roundUp` (`/d` is the end of the day, for the end of a range),
 * `weekStart` ('monday', 'sunday', 'saturday').
 */
export function parseMoment(text, settings) {
  const trimmed = String(text ?? '').trim();
  const moment = trimmed.startsWith('now') ? relative(trimmed.slice(3), settings) : absolute(trimmed, settings.zone);
  return moment !== null && isMoment(moment) ? moment : null;
}

/** Whether a moment moves with the clock. */
export function isRelative(text) {
  return String(text).trim().startsWith('now');
}

function relative(operations, settings) {
  let moment = settings.now;
  let rest = operations;
  while (rest) {
    const step = /^([+-])(\d{0,9})([smhdwMQy])|^\/([smhdwMQy])/.exec(rest);
    if (!step) return null;
    const [matched, sign, amount, unit, roundedUnit] = step;
    moment = roundedUnit
      ? round(moment, roundedUnit, settings)
      : add(moment, (sign === '-' ? -1 : 1) * Number(amount || 1), unit, settings.zone);
    if (!isMoment(moment)) return null;
    rest = rest.slice(matched.length);
  }
  return moment;
}

function add(moment, amount, unit, zone) {
  if (FIXED_MS[unit]) return moment + amount * FIXED_MS[unit];
  const parts = partsIn(moment, zone);
  const within = moment - Math.floor(moment / 1000) * 1000;
  if (unit === 'd') return fromParts({ ...parts, day: parts.day + amount }, zone) + within;
  if (unit === 'w') return fromParts({ ...parts, day: parts.day + 7 * amount }, zone) + within;
  const months = { M: 1, Q: 3, y: 12 }[unit] * amount;
  const target = new Date(Date.UTC(parts.year, parts.month - 1 + months, 1));
  const [year, month] = [target.getUTCFullYear(), target.getUTCMonth() + 1];
  // 31 March less a month is the last of February
  const day = Math.min(parts.day, new Date(Date.UTC(year, month, 0)).getUTCDate());
  return fromParts({ ...parts, year, month, day }, zone) + within;
}

/** The start of the unit that holds `moment`, or its last millisecond. */
function round(moment, unit, settings) {
  const start = startOf(moment, unit, settings);
  return settings.roundUp ? add(start, 1, unit, settings.zone) - 1 : start;
}

function startOf(moment, unit, { zone, weekStart }) {
  const parts = partsIn(moment, zone);
  const { year, month, day, hour, minute, second } = parts;
  switch (UNITS[unit]) {
    case 'second':
      return Math.floor(moment / 1000) * 1000;
    case 'minute':
      return moment - (second * 1000 + (((moment % 1000) + 1000) % 1000));
    case 'hour':
      return fromParts({ year, month, day, hour }, zone);
    case 'day':
      return fromParts({ year, month, day }, zone);
    case 'week': {
      const back = (weekday(moment, zone) - (WEEK_STARTS[weekStart] ?? 1) + 7) % 7;
      return fromParts({ year, month, day: day - back }, zone);
    }
    case 'month':
      return fromParts({ year, month }, zone);
    case 'quarter':
      return fromParts({ year, month: month - ((month - 1) % 3) }, zone);
    default:
      return fromParts({ year, month: 1 }, zone);
  }
}

/** Epoch milliseconds, `2026-01-31 13:00:00` in the zone, `20260131T130000`, or ISO 8601 with an offset. */
function absolute(text, zone) {
  if (/^-?\d{9,17}$/.test(text)) return Number(text);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(text)) return Date.parse(text);
  const date = /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,3}))?)?)?)?$/.exec(text);
  if (!date) return null;
  const [year, month, day, hour, minute, second] = date.slice(1, 7).map((part) => Number(part ?? 0));
  if (!exists(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  return fromParts({ year, month, day, hour, minute, second }, zone) + Number((date[7] ?? '0').padEnd(3, '0'));
}

function exists(year, month, day) {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
