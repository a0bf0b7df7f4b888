// Grafana's own variables (`$__from`, `$__range`, …) that the browser replaces; the server replaces `$__interval`.

import { durationText } from '../time/interval.js';

/** These belong to the server: in braces too they become the name that it knows. */
const OF_THE_SERVER = { __interval: '$__interval', __interval_ms: '$__interval_ms', timeFilter: '$timeFilter' };

/** A lookup of built-in names for `{from, to}` in ms and a dashboard. */
export function builtin({ range, dashboard, user, timezone }) {
  const span = range.to - range.from;
  const values = {
    __dashboard: dashboard?.title ?? '',
    __from: range.from,
    __org: 1,
    __range: durationText(Math.round(span / 1000) * 1000),
    __range_ms: Math.round(span),
    __range_s: Math.round(span / 1000),
    __timezone: timezone ?? 'browser',
    __to: range.to,
    __url_time_range: `from=${range.from}&to=${range.to}`,
    __user: user ?? 'admin',
    ...OF_THE_SERVER,
  };
  return (name) => {
    if (!Object.hasOwn(values, name)) return undefined;
    const value = String(values[name]);
    return { name, value, text: value, verbatim: true };
  };
}
