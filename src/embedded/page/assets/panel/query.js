// What a panel asks the server, or why it can't: its targets with range, interval and variables; it sends nothing.

import { isMixed } from '../datasources.js';
import { durationMs, intervalMs } from '../time/interval.js';
import { parseMoment } from '../time/expression.js';
import { builtQuery } from './builder.js';

const ASKED_TYPE = 'influxdb';
/** Panels that show what they are told and ask nothing. */
const WITHOUT_QUERIES = new Set(['text', 'dashlist']);

/**
 * `{body, refIds, range, intervalMs}` for /api/ds/query, `{silent: true}` for a panel that asks nothing, or `{reason}`.
 *
 * `board`: `resolve` (data sources), `variables`, `zone`. `points`: the width in pixels.
 */
export function panelRequest(panel, board, { range, now, points, scoped }) {
  if (WITHOUT_QUERIES.has(panel.type)) return { silent: true };
  const targets = (panel.targets ?? []).filter((target) => !target.hide);
  if (targets.length === 0) return { reason: panel.targets?.length ? 'All queries of this panel are switched off.' : 'This panel has no queries.' };
  const own = overridden(panel, range, { now, board, scoped });
  if (own.reason) return own;
  const asked = targets.map((target, at) => prepared(panel, target, at, board, { ...own, points, scoped }));
  const refused = asked.find((one) => one.reason);
  if (refused) return refused;
  const queries = asked.map((one) => one.query);
  return {
    body: { from: String(own.range.from), to: String(own.range.to), queries },
    refIds: queries.map((query) => query.refId),
    range: own.range,
    intervalMs: queries[0].intervalMs,
    hint: own.hint,
  };
}

/** The panel's own range: `timeFrom` replaces the start, `timeShift` moves both ends back. */
function overridden(panel, range, { now, board, scoped }) {
  let { from, to } = range;
  const hints = [];
  const settings = { now, zone: board.zone };
  const [timeFrom, timeShift] = [panel.timeFrom, panel.timeShift].map((text) => board.variables.text(text ?? '', scoped));
  if (timeFrom) {
    from = parseMoment(timeFrom.startsWith('now') ? timeFrom : `now-${timeFrom}`, settings);
    to = now;
    hints.push(`Last ${timeFrom}`);
  }
  if (timeShift) {
    const shift = now - parseMoment(`now-${timeShift}`, settings);
    [from, to] = [from - shift, to - shift];
    hints.push(`timeshift -${timeShift}`);
  }
  const isRange = Number.isFinite(from) && Number.isFinite(to) && from !== null && from < to;
  if (!isRange) return { reason: `The panel's own time range '${timeFrom || timeShift}' can't be read.` };
  return { range: { from: Math.round(from), to: Math.round(to) }, hint: panel.hideTimeOverride ? '' : hints.join(', ') };
}

function prepared(panel, target, at, board, { range, points, scoped }) {
  const reference = isMixed(panel.datasource) ? target.datasource : (target.datasource ?? panel.datasource);
  const source = board.resolve(reference);
  if (!source) return { reason: missing(reference) };
  if (source.type !== ASKED_TYPE) {
    return { reason: `This panel asks a data source of type '${source.type}'; this server asks InfluxDB only.` };
  }
  const most = Number(panel.maxDataPoints) || points;
  const least = durationMs(board.variables.text(panel.interval ?? '', scoped)) ?? durationMs(source.jsonData?.timeInterval) ?? 1;
  const text = target.rawQuery || !target.measurement ? target.query : builtQuery(target);
  if (!text) return { reason: `Query ${target.refId ?? 'A'} is empty.` };
  return {
    query: {
      refId: target.refId ?? String.fromCharCode(65 + at),
      datasource: { type: source.type, uid: source.uid },
      rawQuery: true,
      query: board.variables.query(text, scoped),
      alias: board.variables.text(target.alias ?? '', scoped),
      resultFormat: target.resultFormat ?? 'time_series',
      intervalMs: intervalMs(range, most, least),
      maxDataPoints: most,
    },
  };
}

function missing(reference) {
  const name = typeof reference === 'string' ? reference : (reference?.uid ?? reference?.type ?? '');
  if (name === '-- Dashboard --') return 'This panel shows the result of another panel, which this server does not support.';
  if (name === '-- Grafana --' || name === 'grafana') return "This panel asks Grafana's own data, which this server does not have.";
  return name ? `Data source '${name}' does not exist on this server.` : 'This server has no data source yet.';
}
