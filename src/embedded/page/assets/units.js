// From a Grafana unit id to the function that writes values of it; an id that Grafana does not know is a suffix.

import { CATALOGUE } from './units/catalogue.js';
import { count, currency, metric, plain } from './units/scaled.js';

export { automaticDecimals } from './units/number.js';

const SI_STEPS = { f: -5, p: -4, n: -3, µ: -2, μ: -2, m: -1, k: 1, M: 2, G: 3, T: 4, P: 5, E: 6, Z: 7, Y: 8 };

/** Units that Grafana's users make themselves: `suffix:items`, `si:mF`, `bool:open/closed`. */
const CUSTOM = {
  suffix: (text) => plain(text),
  prefix: (text) => (value, decimals) => ({ ...plain('')(value, decimals), prefix: text }),
  count: (text) => count(text),
  si: (text) => {
    const step = text.length > 1 ? SI_STEPS[text[0]] : undefined;
    return step === undefined ? metric(text) : metric(text.slice(1), step);
  },
  currency: (text) => (text.startsWith('suffix:') ? currency(text.slice(7), true) : currency(text)),
  bool: (text) => {
    const [yes, no = '-'] = text.split('/');
    return (value) => ({ text: value ? yes : no });
  },
  time: () => CATALOGUE.get('dateTimeAsIso'),
};

const made = new Map();

function custom(id) {
  const colon = id.indexOf(':');
  const make = colon > 0 && Object.hasOwn(CUSTOM, id.slice(0, colon)) && CUSTOM[id.slice(0, colon)];
  return make ? make(id.slice(colon + 1)) : plain(id);
}

/** A function of value, decimals (null: as many as Grafana chooses) and time zone, to { text, prefix?, suffix? }. */
export function unitFormat(id) {
  if (!id) return CATALOGUE.get('none');
  const known = CATALOGUE.get(id) ?? made.get(id);
  if (known) return known;
  const format = custom(id);
  made.set(id, format);
  return format;
}

/** The parts of a value's text; a missing value has none. */
export function formatParts(value, id, decimals, zone) {
  if (value === null || value === undefined || value === '') return { text: '' };
  if (typeof value === 'string') return { text: value };
  return unitFormat(id)(typeof value === 'boolean' ? Number(value) : value, decimals, zone);
}

export function joinParts({ prefix = '', text, suffix = '' }) {
  return `${prefix}${text}${suffix}`;
}

/** `252 ms` for 252000 of `µs`. */
export function formatValue(value, id, decimals, zone) {
  return joinParts(formatParts(value, id, decimals, zone));
}
