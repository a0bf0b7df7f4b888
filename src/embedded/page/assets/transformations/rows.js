// Transformations of rows: their order and how many stay. Columns keep theirs.

import { givenName } from '../panels/model/names.js';

const taken = (frame, rows) => ({
  ...frame,
  fields: frame.fields.map((field) => ({ ...field, values: rows.map((row) => field.values[row]) })),
});

/** Missing values last; text in the order of its language, with numbers in it as numbers. */
export function compare(one, other) {
  const missing = Number(one === null || one === undefined) - Number(other === null || other === undefined);
  if (missing || one === null || one === undefined) return missing;
  if (typeof one === 'string' && typeof other === 'string')
    return one.localeCompare(other, undefined, { numeric: true });
  return one < other ? -1 : Number(one > other);
}

export function sortBy(frames, { sort = [] }) {
  const order = sort.find(({ field }) => field);
  if (!order) return frames;
  return frames.map((frame) => {
    const field = frame.fields.find((candidate) => givenName(frame, candidate) === order.field);
    if (!field) return frame;
    const rows = field.values.map((_, row) => row);
    rows.sort((one, other) => (order.desc ? -1 : 1) * compare(field.values[one], field.values[other]));
    return taken(frame, rows);
  });
}

export function limit(frames, { limitField = 10 }) {
  const most = Number(limitField);
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => ({ ...field, values: field.values.slice(0, most) })),
  }));
}
