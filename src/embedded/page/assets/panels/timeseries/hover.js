// What the tooltip of a chart of time says: the series under the pointer, or all of them in the order asked for.

import { iso } from '../../units/moment.js';
import { seriesMark } from './style.js';

const SORTS = { asc: (one, other) => one.number - other.number, desc: (one, other) => other.number - one.number };

/** The row whose drawn point is nearest to the pointer. */
function closest(plot, rows) {
  const distance = ({ at, index, scale }) => Math.abs(plot.valToPos(plot.data[at + 1][index], scale) - plot.cursor.top);
  return rows.reduce((best, row) => (best && distance(best) <= distance(row) ? best : row), null);
}

/** `mode` single, multi or none; the values are those before stacking. */
export function hoverContent(
  plot,
  series,
  shape,
  hidden,
  { mode = 'single', sort = 'none', hideZeros = false } = {},
  zone,
) {
  if (mode === 'none' || shape.times.length === 0) return null;
  const rows = [];
  series.forEach((one, at) => {
    if (hidden.has(one.name) || one.custom.hideFrom?.tooltip) return;
    const index = plot.cursor.idxs?.[at + 1];
    const number = shape.raw[at]?.[index];
    if (number === null || number === undefined || (hideZeros && number === 0)) return;
    rows.push({
      at,
      index,
      number,
      scale: plot.series[at + 1].scale,
      name: one.name,
      mark: seriesMark(one.colour, one.custom),
      value: one.field.display(number).whole,
    });
  });
  if (rows.length === 0) return null;
  const near = closest(plot, rows);
  near.strong = mode === 'multi' && rows.length > 1;
  if (mode === 'multi' && SORTS[sort]) rows.sort(SORTS[sort]);
  return { title: iso(shape.times[near.index], zone, true), rows: mode === 'multi' ? rows : [near] };
}
