// The table panel of Grafana 6 and before (`table-old` later) as today's `table`.

import { oldMaps, textThresholds } from './mappings.js';

const CELLS = { cell: 'color-background', row: 'color-background', value: 'color-text' };
const CALCULATIONS = { avg: 'mean', current: 'lastNotNull', total: 'sum' };

/** What the old panel did with its data, as transformations. */
const TRANSFORMS = {
  timeseries_to_columns: () => [{ id: 'joinByField', options: {} }],
  timeseries_to_rows: () => [{ id: 'seriesToRows', options: {} }],
  timeseries_aggregations: ({ columns = [] }) => {
    const reducers = columns.map(({ value }) => CALCULATIONS[value] ?? value);
    return [{ id: 'reduce', options: { reducers: reducers.length ? reducers : ['mean'] } }];
  },
};

function propertiesOf({ type, alias, unit, decimals, colorMode, colors, thresholds, align, ...maps }) {
  if (type === 'hidden') return [{ id: 'custom.hidden', value: true }];
  const properties = [];
  const add = (id, value) => {
    if (value !== undefined && value !== null && value !== '') properties.push({ id, value });
  };
  add('displayName', alias);
  if (align && align !== 'auto') add('custom.align', align);
  if (type === 'date') add('unit', 'dateTimeAsIso');
  if (type === 'number') {
    add('unit', unit);
    add('decimals', decimals);
  }
  const mappings = oldMaps(maps);
  if (mappings.length > 0) add('mappings', mappings);
  if (CELLS[colorMode]) {
    add('custom.cellOptions', { type: CELLS[colorMode] });
    add('color', { mode: 'thresholds' });
    add('thresholds', textThresholds(thresholds, colors));
  }
  return properties;
}

const matcherOf = (pattern) =>
  /^\/.*\/[a-z]*$/.test(pattern) ? { id: 'byRegexp', options: pattern } : { id: 'byName', options: pattern };

export function fromTable(panel) {
  const { styles = [], sort, columns = [], transform } = panel;
  // The old panel took the first style that fits a column; here later overrides win
  const overrides = styles
    .filter(({ pattern }) => pattern)
    .map((style) => ({ matcher: matcherOf(style.pattern), properties: propertiesOf(style) }))
    .reverse();
  const sorted = typeof sort?.col === 'number' && columns[sort.col]?.text;
  return {
    ...panel,
    type: 'table',
    fieldConfig: { defaults: { custom: {} }, overrides: [...overrides, ...(panel.fieldConfig?.overrides ?? [])] },
    options: {
      showHeader: panel.showHeader !== false,
      sortBy: sorted ? [{ displayName: sorted, desc: Boolean(sort.desc) }] : [],
    },
    transformations: [...(TRANSFORMS[transform]?.(panel) ?? []), ...(panel.transformations ?? [])],
  };
}
