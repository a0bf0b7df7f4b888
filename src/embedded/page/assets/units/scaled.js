// Units that grow by a constant factor: SI and binary prefixes, counts, currencies, and those that never scale.

import { fixed } from './number.js';

const SI = ['f', 'p', 'n', 'µ', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];
const COUNTS = ['', 'K', 'M', 'B', 'T'];

/** The power of `factor` that `value` lies in; a float error just below a whole power is lifted over it. */
function power(factor, value) {
  return value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(factor) + 1e-12);
}

/** `suffixes[home]` is the suffix of an unscaled value. */
export function scaled(factor, suffixes, home = 0) {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { text: fixed(value) };
    const step = Math.min(suffixes.length - 1 - home, Math.max(-home, power(factor, value)));
    return { text: fixed(value / factor ** step, decimals), suffix: suffixes[home + step] };
  };
}

/** `step` 1 means that a value of 1 is already 1 k. */
export function metric(unit, step = 0) {
  return scaled(
    1000,
    SI.map((prefix) => ` ${prefix}${unit}`),
    SI.indexOf('') + step,
  );
}

export function binary(unit, step = 0) {
  return scaled(
    1024,
    BINARY.map((prefix) => ` ${prefix}${unit}`),
    step,
  );
}

/** `1.50K req/s` */
export function count(symbol) {
  return scaled(
    1000,
    COUNTS.map((suffix) => `${suffix} ${symbol}`),
  );
}

export function currency(symbol, behind = false) {
  const scale = scaled(1000, COUNTS);
  return (value, decimals) => {
    const { text, suffix = '' } = scale(value, decimals);
    return behind ? { text, suffix: `${suffix} ${symbol}` } : { text, suffix, prefix: symbol };
  };
}

export function plain(suffix) {
  return (value, decimals) => ({ text: fixed(value, decimals), suffix: suffix && ` ${suffix}` });
}
