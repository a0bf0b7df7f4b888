// The choices of a variable: from its definition or from a query's frames, filtered and sorted; it asks nothing.

import { durationMs } from '../time/interval.js';

export const ALL = '$__all';

/** `[{text, value}]` of a variable that needs no query. */
export function ownOptions(definition, datasources) {
  const query = String(definition.query ?? '');
  switch (definition.type) {
    case 'custom':
      return customOptions(query);
    case 'interval':
      return intervalOptions(definition, query);
    case 'datasource':
      return datasourceOptions(definition, query, datasources);
    case 'constant':
    case 'textbox':
      return [{ text: query, value: query }];
    default:
      return definition.options?.filter((option) => option.value !== ALL).map(({ text, value }) => ({ text: String(text), value: String(value) })) ?? [];
  }
}

/** `a, b, name : value`; a backslash keeps a comma. */
function customOptions(query) {
  const entries = query.match(/(?:\\,|[^,])+/g) ?? [];
  return entries.map((entry) => {
    const text = entry.replaceAll('\\,', ',').trim();
    const pair = /^\s*(.+)\s:\s(.+)$/.exec(text);
    return pair ? { text: pair[1].trim(), value: pair[2].trim() } : { text, value: text };
  });
}

function intervalOptions(definition, query) {
  const entries = query.match(/(["'])(.*?)\1|[^\s,]+/g) ?? [];
  const options = entries.map((entry) => entry.replace(/["']+/g, '')).map((text) => ({ text, value: text }));
  return definition.auto ? [{ text: 'auto', value: `$__auto_interval_${definition.name}` }, ...options] : options;
}

function datasourceOptions(definition, type, datasources) {
  const matches = pattern(definition.regex);
  const fitting = datasources.filter((source) => source.type === type && (!matches || matches.test(source.name)));
  return fitting.map((source) => ({ text: source.name, value: source.uid }));
}

/** The choices in frames of a query: texts of the last field that is not time, each once. */
export function queriedOptions(frames, definition) {
  const texts = frames.flatMap((frame) => {
    const fields = frame.fields.filter((field) => field.type !== 'time');
    return fields.slice(-1).flatMap((field) => field.values);
  });
  const known = texts.filter((value) => value !== null && value !== undefined).map(String);
  return sorted(filtered(known, definition.regex), Number(definition.sort ?? 0));
}

/** A group named `value` or `text`, or the first group, is what remains of a text that fits; without groups all of it. */
function filtered(texts, regex) {
  const matches = pattern(regex);
  const options = new Map();
  for (const text of texts) {
    const match = matches ? matches.exec(text) : [text];
    if (!match) continue;
    const kept = match.groups?.value ?? match.groups?.text ?? match[1] ?? text;
    options.set(kept, { text: match.groups?.text ?? kept, value: kept });
  }
  return [...options.values()];
}

/** `null` for an empty pattern; `/a/i` and `a` are both patterns. */
function pattern(text) {
  if (!text) return null;
  const literal = /^\/(.*)\/([gimsuy]*)$/s.exec(text);
  return literal ? new RegExp(literal[1], literal[2].replace(/[gy]/g, '')) : new RegExp(text);
}

/** Grafana's numbers: 1, 2 alphabetical; 3, 4 numerical; 5, 6 without case; 7, 8 natural; odd ones ascend. */
function sorted(options, order) {
  if (order < 1 || order > 8) return options;
  const number = ({ text }) => Number.parseFloat(/-?\d+(\.\d+)?/.exec(text)?.[0] ?? 'Infinity');
  const plain = (one, other) => (one < other ? -1 : Number(one > other));
  const compare = [
    (one, other) => plain(one.text, other.text),
    (one, other) => plain(number(one), number(other)),
    (one, other) => plain(one.text.toLowerCase(), other.text.toLowerCase()),
    (one, other) => one.text.localeCompare(other.text, undefined, { numeric: true }),
  ][Math.ceil(order / 2) - 1];
  const ascending = [...options].sort(compare);
  return order % 2 ? ascending : ascending.reverse();
}

/** The interval that `auto` stands for: the range in `auto_count` steps, rounded down to an offered or round one. */
export function autoInterval(definition, range) {
  const least = durationMs(definition.auto_min) ?? 10_000;
  return { leastMs: least, points: Number(definition.auto_count ?? 30), range };
}
