// Which rows a table shows and in what order: filtered by what was typed, sorted by what was clicked. Draws nothing.

import { compare } from '../../transformations/rows.js';

/** At most so many rows become nodes; a reader scrolls through no more. */
export const MOST_ROWS = 2000;

/** `filters`: Map of column to text; a row stays when each cell's text contains it, in any case. */
export function visibleRows(columns, { filters = new Map(), sort = null } = {}) {
  const length = columns.reduce((most, { values }) => Math.max(most, values.length), 0);
  const tests = [...filters]
    .filter(([at, text]) => text && columns[at])
    .map(([at, text]) => [columns[at], text.toLowerCase()]);
  const rows = [];
  for (let row = 0; row < length; row += 1) {
    if (tests.every(([column, text]) => column.display(column.values[row]).whole.toLowerCase().includes(text)))
      rows.push(row);
  }
  const values = sort && columns[sort.at]?.values;
  if (values) rows.sort((one, other) => (sort.descending ? -1 : 1) * compare(values[one], values[other]));
  return rows;
}

/** After a click: ascending, descending, then as the data came. */
export function nextSort(sort, at) {
  if (sort?.at !== at) return { at, descending: false };
  return sort.descending ? null : { at, descending: true };
}
