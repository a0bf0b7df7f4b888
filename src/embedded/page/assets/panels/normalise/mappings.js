// Value mappings and thresholds of older dashboards in today's form.

const SPECIAL = { null: 'null', 'N/A': 'null' };

function mapping({ id, type, operator, value, text, from, to, color, ...rest }, index) {
  const kind = Number(type);
  if (kind === 1) {
    const result = { text, color, index };
    return value in SPECIAL
      ? { type: 'special', options: { match: SPECIAL[value], result } }
      : { type: 'value', options: { [value]: result } };
  }
  if (kind === 2) return { type: 'range', options: { from, to, result: { text, color, index } } };
  return { type, ...rest };
}

/** Grafana 7 numbered the kinds of mappings; later ones have names. */
export function newMappings(mappings) {
  if (!Array.isArray(mappings)) return [];
  return mappings.map((one, index) =>
    typeof one.type === 'string' && Number.isNaN(Number(one.type)) ? one : mapping(one, index),
  );
}

/** `valueMaps` and `rangeMaps` of `singlestat` and of the old table; `mappingType` 2 means ranges. */
export function oldMaps({ valueMaps = [], rangeMaps = [], mappingType }) {
  const list =
    mappingType === 2 ? rangeMaps.map((one) => ({ ...one, type: 2 })) : valueMaps.map((one) => ({ ...one, type: 1 }));
  return newMappings(list.filter(({ text }) => text !== undefined && text !== ''));
}

/** Grafana 6 had the bare list of steps. */
export function newThresholds(thresholds) {
  if (!Array.isArray(thresholds)) return thresholds;
  return {
    mode: 'absolute',
    steps: thresholds.map(({ value, color }, at) => ({ color, value: at === 0 ? null : value })),
  };
}

/** `50,80` and three colours; more thresholds than colours repeat the last one. */
export function textThresholds(text, colours = []) {
  const values = (Array.isArray(text) ? text : String(text ?? '').split(','))
    .map((one) => String(one).trim())
    .filter((one) => one !== '' && !Number.isNaN(Number(one)));
  const at = (place) => colours[Math.min(place, colours.length - 1)] ?? 'green';
  return {
    mode: 'absolute',
    steps: [
      { color: at(0), value: null },
      ...values.map((value, place) => ({ color: at(place + 1), value: Number(value) })),
    ],
  };
}
