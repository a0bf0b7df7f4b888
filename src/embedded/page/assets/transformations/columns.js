// Transformations of columns: order, names, which ones stay, labels as columns. Rows keep their number.

import { givenName } from '../panels/model/names.js';
import { pattern } from '../panels/model/pattern.js';
import { merge } from './join.js';

const renamed = (field, name) => ({ ...field, config: { ...field.config, displayName: name } });

/** `indexByName`, `excludeByName`, `includeByName`, `renameByName`; a column without an index keeps its place. */
export function organize(frames, { indexByName = {}, excludeByName = {}, includeByName = {}, renameByName = {} }) {
  const chosen = Object.keys(includeByName).filter((name) => includeByName[name]);
  return frames.map((frame) => {
    const named = frame.fields.map((field, at) => ({ field, name: givenName(frame, field), at }));
    const kept = named.filter(({ name }) => !excludeByName[name] && (chosen.length === 0 || chosen.includes(name)));
    const place = ({ name, at }) => indexByName[name] ?? at;
    kept.sort((one, other) => place(one) - place(other));
    const fields = kept.map(({ field, name }) => (renameByName[name] ? renamed(field, renameByName[name]) : field));
    return { ...frame, fields };
  });
}

function fieldTest({ names, pattern: source } = {}) {
  const expression = source ? pattern(source) : null;
  return (name) => (names?.includes(name) ?? false) || (expression?.test(name) ?? false);
}

export function filterFieldsByName(frames, { include, exclude, byVariable, variable }) {
  const variables = byVariable && variable ? { pattern: variable } : include;
  const wanted = variables ? fieldTest(variables) : () => true;
  const refused = exclude ? fieldTest(exclude) : () => false;
  const stays = (frame, field) => wanted(givenName(frame, field)) && !refused(givenName(frame, field));
  return frames
    .map((frame) => ({ ...frame, fields: frame.fields.filter((field) => stays(frame, field)) }))
    .filter((frame) => frame.fields.length > 0);
}

export function filterByRefId(frames, { include, exclude }) {
  const wanted = include ? pattern(`^(?:${include})$`) : null;
  const refused = exclude ? pattern(`^(?:${exclude})$`) : null;
  return frames.filter(({ refId }) => (wanted?.test(refId) ?? true) && !(refused?.test(refId) ?? false));
}

/** Columns other than time; `$1` in the new name is the pattern's first group. */
export function renameByRegex(frames, { regex = '', renamePattern = '' }) {
  const expression = regex && pattern(regex);
  if (!expression) return frames;
  const everywhere = new RegExp(
    expression.source,
    /^\/.*\/[a-z]*g[a-z]*$/s.test(regex) ? `${expression.flags}g` : expression.flags,
  );
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const name = givenName(frame, field);
      return field.type !== 'time' && expression.test(name)
        ? renamed(field, name.replace(everywhere, renamePattern))
        : field;
    }),
  }));
}

function labelColumns(frame, { keepLabels, valueLabel }) {
  const length = frame.fields[0]?.values.length ?? 0;
  const columns = new Map();
  const fields = frame.fields.map((field) => {
    if (field.type === 'time') return field;
    for (const [key, value] of Object.entries(field.labels ?? {})) {
      if ((!keepLabels || keepLabels.includes(key)) && key !== valueLabel) columns.set(key, value);
    }
    const own = valueLabel && field.labels?.[valueLabel];
    return {
      ...field,
      name: own || field.name,
      labels: undefined,
      config: { ...field.config, displayNameFromDS: own || field.name },
    };
  });
  const made = [...columns].map(([name, value]) => ({
    name,
    type: 'string',
    config: {},
    values: Array(length).fill(value),
  }));
  const times = fields.filter(({ type }) => type === 'time');
  return { ...frame, name: '', fields: [...times, ...made, ...fields.filter(({ type }) => type !== 'time')] };
}

function labelRows(frame) {
  const labels = frame.fields.find((field) => field.labels && Object.keys(field.labels).length > 0)?.labels ?? {};
  const column = (name, values) => ({ name, type: 'string', config: {}, values });
  return {
    ...frame,
    fields: [column('label', Object.keys(labels)), column('value', Object.values(labels).map(String))],
  };
}

export function labelsToFields(frames, options) {
  if (options.mode === 'rows') return frames.map(labelRows);
  return merge(frames.map((frame) => labelColumns(frame, options)));
}
