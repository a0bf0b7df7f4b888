// Places and sizes of a stat panel's tiles and texts, computed; nothing is drawn here.

import { FAMILY, textWidth } from '../plot/ink.js';

const PADDING = 10;
const LARGEST = 110;
const NAME_SHARE = 0.2;
/** Of the height of a tile with a line; the style sheet has it too. */
const TEXT_SHARE = 0.66;

/** Side by side in a wide panel, below each other in a high one; wraps where tiles would get too narrow. */
export function tiles(count, width, height, orientation = 'auto') {
  const wide = orientation === 'auto' ? width > height : orientation === 'vertical';
  if (count <= 1) return { columns: 1, rows: 1, width, height };
  let columns = wide ? count : 1;
  if (orientation === 'auto') {
    while (wide && columns > 1 && width / columns < 90 && height / Math.ceil(count / (columns - 1)) > 40) columns -= 1;
    while (!wide && height / Math.ceil(count / columns) < 40 && width / (columns + 1) > 90) columns += 1;
  }
  const rows = Math.ceil(count / columns);
  return { columns, rows, width: width / columns, height: height / rows };
}

const fit = (text, width, weight) => (width / Math.max(1, textWidth(text, `${weight} 100px ${FAMILY}`))) * 100;

/** Font sizes in CSS pixels that fit the longest text of all tiles; a dashboard's own sizes win. `lined`: a line is below. */
export function fonts(texts, names, tile, own = {}, lined = false) {
  const width = Math.max(10, tile.width - 2 * PADDING);
  const named = names.length > 0;
  const name = own.titleSize ?? (named ? Math.max(10, Math.min(24, tile.height * NAME_SHARE, ...names.map((text) => Math.max(11, fit(text, width, 400))))) : 0);
  const room = lined ? tile.height * TEXT_SHARE - 4 : tile.height - 2 * PADDING;
  const height = Math.max(8, room - (named ? name * 1.3 : 0));
  const value = own.valueSize ?? Math.max(10, Math.min(LARGEST, height * 0.8, ...texts.map((text) => fit(text, width, 500))));
  return { name: Math.floor(name), value: Math.floor(value) };
}
