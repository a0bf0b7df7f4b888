// The time range of a page: raw ends as in the address, their moments, and what zooming and shifting make of them.

import { isRelative, parseMoment } from './expression.js';
import { partsIn } from './zone.js';

/** Name, start and end of the ranges people ask for most, in the order of the picker. */
export const QUICK_RANGES = [
  ['Last 1 minute', 'now-1m', 'now'],
  ['Last 5 minutes', 'now-5m', 'now'],
  ['Last 15 minutes', 'now-15m', 'now'],
  ['Last 30 minutes', 'now-30m', 'now'],
  ['Last 1 hour', 'now-1h', 'now'],
  ['Last 3 hours', 'now-3h', 'now'],
  ['Last 6 hours', 'now-6h', 'now'],
  ['Last 12 hours', 'now-12h', 'now'],
  ['Last 24 hours', 'now-24h', 'now'],
  ['Last 2 days', 'now-2d', 'now'],
  ['Last 7 days', 'now-7d', 'now'],
  ['Last 30 days', 'now-30d', 'now'],
  ['Last 90 days', 'now-90d', 'now'],
  ['Last 6 months', 'now-6M', 'now'],
  ['Last 1 year', 'now-1y', 'now'],
  ['Yesterday', 'now-1d/d', 'now-1d/d'],
  ['Day before yesterday', 'now-2d/d', 'now-2d/d'],
  ['This day last week', 'now-7d/d', 'now-7d/d'],
  ['Previous week', 'now-1w/w', 'now-1w/w'],
  ['Previous month', 'now-1M/M', 'now-1M/M'],
  ['Today', 'now/d', 'now/d'],
  ['Today so far', 'now/d', 'now'],
  ['This week', 'now/w', 'now/w'],
  ['This week so far', 'now/w', 'now'],
  ['This month', 'now/M', 'now/M'],
  ['This month so far', 'now/M', 'now'],
];

const NAMES = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', M: 'month', Q: 'quarter', y: 'year' };

/** `{from, to}` in ms for raw ends, or `null` when an end is no time or the range is empty. */
export function resolve(raw, settings) {
  const from = parseMoment(raw.from, { ...settings, roundUp: false });
  const to = parseMoment(raw.to, { ...settings, roundUp: true });
  return from !== null && to !== null && from < to ? { from, to } : null;
}

/** What the picker shows: `Last 5 minutes`, or both ends. */
export function describe(raw, zone) {
  const quick = QUICK_RANGES.find(([, from, to]) => from === raw.from && to === raw.to);
  if (quick) return quick[0];
  const last = raw.to === 'now' && /^now-(\d+)([smhdwMQy])$/.exec(raw.from);
  if (last) return `Last ${last[1]} ${NAMES[last[2]]}${last[1] === '1' ? '' : 's'}`;
  return `${readable(raw.from, zone)} to ${readable(raw.to, zone)}`;
}

/** An end as it is typed: expressions stay, moments become `2026-01-31 13:00:00`. */
export function readable(end, zone) {
  if (isRelative(end)) return String(end);
  const moment = parseMoment(end, { now: 0, zone });
  return moment === null ? String(end) : stamp(moment, zone);
}

/** `2026-01-31 13:00:00` in the zone. */
export function stamp(ms, zone) {
  const { year, month, day, hour, minute, second } = partsIn(ms, zone);
  const two = (number) => String(number).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** Raw ends of fixed moments, as they stand in the address. */
export function fixed(from, to) {
  return { from: String(Math.round(from)), to: String(Math.round(to)) };
}

/** Twice the span around the same middle, but not into the future, as Grafana does. */
export function zoomedOut({ from, to }, now) {
  const span = to - from || 30_000;
  const middle = from + span / 2;
  const end = Math.max(Math.min(middle + span, Math.max(now, to)), from + 1);
  return fixed(end - 2 * span, end);
}

/** Half the span earlier (-1) or later (1), but never starting in the future. */
export function shifted({ from, to }, direction, now) {
  const half = (to - from) / 2;
  const step = direction < 0 ? -half : Math.max(0, Math.min(half, Math.max(now - to, 0)));
  return fixed(from + step, to + step);
}
