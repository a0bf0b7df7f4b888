// How a variable's value is written into InfluxQL, by where it stands: regex, string, identifier or bare; pure.

import { regexEscaped } from './interpolate.js';

/** A writer for `interpolate` over `query`. Values inside a regex are escaped, several become `(a|b)`. */
export function influxqlWriter(query) {
  const places = scan(query);
  return (value, at) => {
    const place = places(at);
    const list = [value].flat().map(String);
    if (place === 'regex') {
      return Array.isArray(value) ? `(${list.map(regexEscaped).join('|')})` : regexEscaped(value);
    }
    if (place === 'string') return list.map((one) => one.replace(/[\\']/g, '\\$&')).join(',');
    if (place === 'identifier') return list.map((one) => one.replace(/[\\"]/g, '\\$&')).join(',');
    return list.join(',');
  };
}

/** A function from a position to the kind of literal around it. */
function scan(query) {
  const spans = [];
  for (let at = 0; at < query.length; at += 1) {
    const kind = opens(query, at);
    if (!kind) continue;
    const end = closing(query, at);
    spans.push({ kind, start: at, end });
    at = end;
  }
  return (at) => spans.find((span) => span.start < at && at < span.end)?.kind ?? 'bare';
}

/** A slash opens a regex after `=~`, `!~`, FROM, BY or a comma; elsewhere it divides. */
function opens(query, at) {
  const character = query[at];
  if (character === "'") return 'string';
  if (character === '"') return 'identifier';
  if (character !== '/') return null;
  return /(=~|!~|\bFROM|\bBY|\bSELECT|[,.(])\s*$/i.test(query.slice(0, at)) ? 'regex' : null;
}

function closing(query, start) {
  for (let at = start + 1; at < query.length; at += 1) {
    if (query[at] === '\\') at += 1;
    else if (query[at] === query[start]) return at;
  }
  return query.length;
}
