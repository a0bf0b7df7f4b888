// The single values that stat, gauge and bar gauge panels show: one for each field and calculation, or one for each row.

import { calculate, calculationName, keepsUnit } from './calculations.js';
import { formatParts, joinParts } from '../../units.js';
import { pattern } from './pattern.js';

const MOST = 100;

/** `fields`: empty for all numbers, else a pattern of names, of any type. */
function chosen(frames, fields) {
  const expression = fields ? pattern(fields) : null;
  const wanted = ({ type, title, config }) => {
    if (config.custom?.hideFrom?.viz) return false;
    return expression ? expression.test(title) : type === 'number' || type === 'boolean';
  };
  return frames.flatMap((frame) =>
    frame.fields
      .filter(wanted)
      .map((field) => ({ field, frame, times: frame.fields.find(({ type }) => type === 'time')?.values })),
  );
}

/** Counts are numbers without the field's unit. */
function shown(field, id, value) {
  if (keepsUnit(id) || value === null) return field.display(value);
  const parts = formatParts(Number(value), 'none');
  return { ...field.display(value), ...parts, suffix: '', prefix: '', whole: joinParts(parts) };
}

function ofRows({ field, frame }, limit) {
  const names = frame.fields.find(({ type, title }) => type === 'string' && title !== field.title);
  return field.values
    .slice(0, limit)
    .map((value, row) => ({
      title: names ? String(names.values[row] ?? '') : field.title,
      field,
      value,
      display: field.display(value),
      times: null,
      values: null,
    }));
}

function ofCalculations({ field, times }, calcs) {
  return calcs.map((id) => {
    const value = calculate(id, field.values);
    return {
      title: calcs.length > 1 ? `${field.title} ${calculationName(id)}` : field.title,
      field,
      value,
      display: shown(field, id, value),
      times,
      values: field.type === 'number' ? field.values : null,
    };
  });
}

/** [{ title, field, value, display, times, values }] with `times` and `values` of what was reduced. */
export function reduced(frames, { calcs = ['lastNotNull'], values = false, fields = '', limit = MOST } = {}) {
  const sources = chosen(frames, fields);
  const found = sources.flatMap((source) =>
    values ? ofRows(source, Math.min(limit, MOST)) : ofCalculations(source, calcs.length ? calcs : ['lastNotNull']),
  );
  return found.slice(0, MOST);
}
