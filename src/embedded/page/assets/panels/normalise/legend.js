// Legend and tooltip of the old `graph` panel in today's form.

/** Flag of the old legend to today's calculation, in the order that the old legend showed them. */
const CALCULATIONS = [
  ['min', 'min'],
  ['max', 'max'],
  ['avg', 'mean'],
  ['current', 'lastNotNull'],
  ['total', 'sum'],
];
const HEADINGS = { min: 'Min', max: 'Max', avg: 'Mean', current: 'Last *', total: 'Total' };

export function legendOptions(legend = {}) {
  const calcs =
    legend.values === false ? [] : CALCULATIONS.filter(([flag]) => legend[flag]).map(([, calculation]) => calculation);
  return {
    showLegend: legend.show !== false,
    displayMode: legend.alignAsTable ? 'table' : 'list',
    placement: legend.rightSide ? 'right' : 'bottom',
    calcs,
    ...(HEADINGS[legend.sort] && { sortBy: HEADINGS[legend.sort], sortDesc: Boolean(legend.sortDesc) }),
  };
}

export function tooltipOptions({ shared = true, sort = 0 } = {}) {
  return { mode: shared ? 'multi' : 'single', sort: { 1: 'asc', 2: 'desc' }[sort] ?? 'none' };
}
