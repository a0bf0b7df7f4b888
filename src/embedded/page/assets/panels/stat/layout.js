// Places and sizes of a stat panel's tiles and texts, computed; nothing is drawn here.

import { FAMILY, textWidth } from '../plot/ink.js';

const PADDING = 10;
const LARGEST = 110;
const NAME_SHARE = 0.2;
/** Of the height of a tile with a line; the style sheet has it too. */
const TEXT_SHARE = 0.66;

/** How large a text may get in a tile: about three characters wide, with room for a name above. */
const readable = (width, height) => Math.min(width / 3, height * 0.4);

/** The number of columns in which texts get largest. */
function bestColumns(count, width, height) {
  let best = 1;
  const size = (columns) => readable(width / columns, height / Math.ceil(count / columns));
  for (let columns = 2; columns <= count; columns += 1) {
    if (size(columns) > size(best)) best = columns;
  }
  return best;
}

/** `vertical` tiles stand side by side and `horizontal` ones below each other, as Grafana's words have it. */
export function tiles(count, width, height, orientation = 'auto') {
  const given = { vertical: count, horizontal: 1 }[orientation];
  const columns = Math.max(1, given ?? bestColumns(count, width, height));
  const rows = Math.max(1, Math.ceil(count / columns));
  return { columns, rows, width: width / columns, height: height / rows };
}

const fit = (text, width, weight) => (width / Math.max(1, textWidth(text, `${weight} 100px ${FAMILY}`))) * 100;

/** As large as the longest of the texts fits, between `least` and `most`. */
const fitting = (texts, width, weight, { least, most }) =>
  Math.max(least, Math.min(most, ...texts.map((text) => fit(text, width, weight))));

/** Font sizes in CSS pixels for all tiles alike; a dashboard's own sizes win. `lined`: a line is below. */
export function fonts(texts, names, tile, own = {}, lined = false) {
  const width = Math.max(10, tile.width - 2 * PADDING);
  const named = names.length > 0;
  const nameLimits = { least: 11, most: Math.min(24, tile.height * NAME_SHARE) };
  const name = named ? (own.titleSize ?? fitting(names, width, 400, nameLimits)) : 0;
  const room = (lined ? tile.height * TEXT_SHARE - 4 : tile.height - 2 * PADDING) - name * 1.3;
  const value = own.valueSize ?? fitting(texts, width, 500, { least: 10, most: Math.min(LARGEST, room * 0.8) });
  return { name: Math.floor(name), value: Math.floor(value) };
}
