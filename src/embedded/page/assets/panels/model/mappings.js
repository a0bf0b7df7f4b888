// Value mappings: the text and colour that a dashboard gives to a value, a range, a pattern or a missing value.

import { pattern } from './pattern.js';

const SPECIAL = {
  null: (value) => value === null || value === undefined,
  nan: (value) => Number.isNaN(value),
  'null+nan': (value) => value === null || value === undefined || Number.isNaN(value),
  true: (value) => value === true || value === 'true',
  false: (value) => value === false || value === 'false',
  empty: (value) => value === '',
};

const within = (value, from, to) => {
  const number = typeof value === 'number' ? value : parseFloat(value);
  const low = from === null || from === undefined || from === '' ? -Infinity : Number(from);
  const high = to === null || to === undefined || to === '' ? Infinity : Number(to);
  return number >= low && number <= high;
};

/** Each answers { text?, color? } or undefined. */
const KINDS = {
  value: (options) => (value) => {
    const key = String(value);
    return value !== null && value !== undefined && Object.hasOwn(options, key) ? options[key] : undefined;
  },
  range:
    ({ from, to, result }) =>
    (value) =>
      value !== null && within(value, from, to) ? result : undefined,
  regex: ({ pattern: source, result }) => {
    const expression = pattern(source);
    return (value) => {
      if (typeof value !== 'string' || !expression?.test(value)) return undefined;
      return { ...result, text: result.text && value.replace(expression, result.text) };
    };
  },
  special:
    ({ match, result }) =>
    (value) =>
      SPECIAL[match]?.(value) ? result : undefined,
};

/** From a field's `mappings` to a function of a value, which answers { text?, color? } or undefined. */
export function mapper(mappings = []) {
  const all = mappings.filter(({ type, options }) => KINDS[type] && options);
  const tests = all.map(({ type, options }) => KINDS[type](options));
  if (tests.length === 0) return () => undefined;
  return (value) => {
    for (const test of tests) {
      const found = test(value);
      if (found) return found;
    }
    return undefined;
  };
}
