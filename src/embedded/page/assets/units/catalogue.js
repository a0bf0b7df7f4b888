// Grafana's unit ids and how a value of each is written; the choice by id and its fallbacks are in units.js.

import { fixed } from './number.js';
import { binary, count, currency, metric, plain, scaled } from './scaled.js';
import { clock, duration, parts, words } from './duration.js';
import { MOMENTS } from './moment.js';

const SHORT = ['', ' K', ' Mil', ' Bil', ' Tri', ' Quadr', ' Quint', ' Sext', ' Sept'];
const percent = (times) => (value, decimals) => ({ text: fixed(value * times, decimals), suffix: '%' });
const boolean = (yes, no) => (value) => ({ text: value ? yes : no });
const hexadecimal = (prefix) => (value) => ({ text: `${prefix}${Math.trunc(value).toString(16).toUpperCase()}` });
const microseconds = duration(1e-6, { largest: 1 });

const misc = {
  none: plain(''),
  string: (value) => ({ text: String(value) }),
  short: scaled(1000, SHORT),
  sishort: metric(''),
  percent: percent(1),
  percentunit: percent(100),
  humidity: plain('%H'),
  dB: plain('dB'),
  hex: hexadecimal(''),
  hex0x: hexadecimal('0x'),
  sci: (value, decimals) => ({ text: value.toExponential(decimals ?? undefined) }),
  locale: (value, decimals) => ({ text: value.toLocaleString('en-US', { maximumFractionDigits: decimals ?? 3 }) }),
  pixel: plain('px'),
  bool: boolean('True', 'False'),
  bool_yes_no: boolean('Yes', 'No'),
  bool_on_off: boolean('On', 'Off'),
};

const time = {
  ns: duration(1e-9, { largest: 86400 }),
  µs: microseconds,
  μs: microseconds,
  us: microseconds,
  ms: duration(1e-3, { leave: [604800] }),
  s: duration(1, { smallest: 1e-9 }),
  m: duration(60),
  h: duration(3600),
  d: duration(86400),
  dtdurationms: words(1),
  dtdurations: words(1000),
  dthms: clock(),
  dtdhms: clock(true),
  clockms: parts(1),
  clocks: parts(1000),
  timeticks: (value, decimals) => duration(1, { smallest: 1e-9 })(value / 100, decimals),
  ...MOMENTS,
};

const PREFIXED = ['', 'k', 'm', 'g', 't', 'p'];

/** `bytes`, `kbytes`, …: one id for each power that a value may be given in. */
function powers(name, write) {
  return Object.fromEntries(PREFIXED.map((prefix, step) => [name(prefix), write(step)]));
}

const data = {
  ...powers(
    (prefix) => `${prefix}bytes`,
    (step) => binary('B', step),
  ),
  ...powers(
    (prefix) => `dec${prefix}bytes`,
    (step) => metric('B', step),
  ),
  bits: binary('b'),
  decbits: metric('b'),
  Bps: metric('B/s'),
  binBps: binary('B/s'),
  bps: metric('b/s'),
  binbps: binary('b/s'),
  pps: metric('p/s'),
  ...Object.fromEntries(
    ['K', 'M', 'G', 'T', 'P'].flatMap((prefix, step) => [
      [`${prefix}Bs`, metric('B/s', step + 1)],
      [`${prefix}iBs`, binary('B/s', step + 1)],
      [`${prefix}bits`, metric('b/s', step + 1)],
      [`${prefix}ibits`, binary('b/s', step + 1)],
    ]),
  ),
};

const throughput = {
  cps: count('c/s'),
  ops: count('ops/s'),
  reqps: count('req/s'),
  rps: count('rd/s'),
  wps: count('wr/s'),
  iops: count('io/s'),
  eps: count('evt/s'),
  mps: count('msg/s'),
  recps: count('rec/s'),
  rowsps: count('rows/s'),
  cpm: count('c/m'),
  opm: count('ops/m'),
  reqpm: count('req/m'),
  rpm: count('rd/m'),
  wpm: count('wr/m'),
  epm: count('evts/m'),
};

const physics = {
  hertz: metric('Hz'),
  rothz: metric('Hz'),
  rotrpm: plain('rpm'),
  watt: metric('W'),
  kwatt: metric('W', 1),
  watth: metric('Wh'),
  kwatth: metric('Wh', 1),
  joule: metric('J'),
  volt: metric('V'),
  amp: metric('A'),
  celsius: plain('°C'),
  fahrenheit: plain('°F'),
  kelvin: plain('K'),
  degree: plain('°'),
  lengthm: metric('m'),
  lengthkm: metric('m', 1),
  pressurehpa: plain('hPa'),
  ppm: plain('ppm'),
};

const CURRENCIES = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹', KRW: '₩', RUB: '₽', BRL: 'R$', CHF: 'CHF' };
const money = Object.fromEntries(
  Object.entries(CURRENCIES).map(([code, symbol]) => [`currency${code}`, currency(symbol)]),
);
for (const code of ['DKK', 'ISK', 'NOK', 'SEK']) money[`currency${code}`] = currency('kr', true);

export const CATALOGUE = new Map(Object.entries({ ...misc, ...time, ...data, ...throughput, ...physics, ...money }));
