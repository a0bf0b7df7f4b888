// Lengths of time: the unit that fits the size, or a clock; points in time are in moment.js.

import { fixed } from './number.js';

/** Seconds in one unit, and how Grafana writes the unit. */
const STEPS = [
  [1e-9, ' ns'],
  [1e-6, ' µs'],
  [1e-3, ' ms'],
  [1, ' s'],
  [60, ' mins'],
  [3600, ' hours'],
  [86400, ' days'],
  [604800, ' weeks'],
  [31536000, ' years'],
];

/**
 * `unit` in seconds is the unit of the value and the smallest one shown, except that seconds go down to ns;
 * `leave` names steps that Grafana leaves out for this unit.
 */
export function duration(unit, { smallest = unit, largest = 31536000, leave = [] } = {}) {
  const within = (step) => step >= smallest && step <= largest && !leave.includes(step);
  const steps = STEPS.filter(([step]) => within(step));
  const own = STEPS.find(([step]) => step === unit);
  // A whole ratio either way, so that 252000 µs is 252 ms and not 251.99999999999997
  const convert = (value, step) => (unit >= step ? value * Math.round(unit / step) : value / Math.round(step / unit));
  return (value, decimals) => {
    if (!Number.isFinite(value) || value === 0) return { text: fixed(value, decimals), suffix: own[1] };
    const fits = steps.findLast(([step]) => Math.abs(convert(value, step)) >= 1) ?? steps[0];
    return { text: fixed(convert(value, fits[0]), decimals), suffix: fits[1] };
  };
}

const WORDS = [
  ['year', 31536000000],
  ['month', 2592000000],
  ['week', 604800000],
  ['day', 86400000],
  ['hour', 3600000],
  ['minute', 60000],
  ['second', 1000],
  ['millisecond', 1],
];

/** `1 hour, 2 minutes`: the largest unit and `decimals` more; `unit` is in milliseconds. */
export function words(unit) {
  const name = WORDS.find(([, size]) => size === unit)[0];
  const write = (value, decimals) => {
    if (value === 0) return `0 ${name}s`;
    if (value < 0) return `${write(-value, decimals)} ago`;
    let rest = value * unit;
    const first = WORDS.findIndex(([, size]) => rest >= size);
    const parts = [];
    for (const [word, size] of WORDS.slice(first < 0 ? -1 : first).slice(0, 1 + Math.max(0, decimals ?? 0))) {
      const whole = Math.floor(rest / size);
      parts.push(`${whole} ${word}${whole === 1 ? '' : 's'}`);
      rest -= whole * size;
    }
    return parts.join(', ');
  };
  return (value, decimals) => ({ text: Number.isFinite(value) ? write(value, decimals) : fixed(value) });
}

const two = (number) => String(number).padStart(2, '0');

/** `26:05:09`, or `1 d 02:05:09` with `days`. */
export function clock(days = false) {
  const write = (seconds) => {
    if (seconds < 0) return `${write(-seconds)} ago`;
    const day = days ? Math.floor(seconds / 86400) : 0;
    const rest = Math.floor(seconds - day * 86400);
    const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(':');
    return days ? `${day} d ${time}` : time;
  };
  return (value) => ({ text: Number.isFinite(value) ? write(value) : fixed(value) });
}

/** `01h:02m:03s:004ms` with leading parts left out; `decimals` bounds the parts behind the first. `unit` in ms. */
export function parts(unit) {
  const write = (milliseconds, decimals) => {
    const all = [
      [Math.floor(milliseconds / 3600000), 'h', 2],
      [Math.floor(milliseconds / 60000) % 60, 'm', 2],
      [Math.floor(milliseconds / 1000) % 60, 's', 2],
      [Math.floor(milliseconds) % 1000, 'ms', 3],
    ];
    const first = [3600000, 60000, 1000, 0].findIndex((least) => milliseconds >= least);
    const shown = all.slice(first).slice(0, decimals == null ? 4 : decimals + 1);
    return shown.map(([part, name, width]) => String(part).padStart(width, '0') + name).join(':');
  };
  return (value, decimals) => ({ text: value >= 0 ? write(value * unit, decimals) : fixed(value, decimals) });
}
