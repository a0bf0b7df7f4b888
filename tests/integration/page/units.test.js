// Values as Grafana writes them.

import { formatValue } from '/units.js';
import { zoneName } from '/units/moment.js';
import { same } from './check.js';

/** [value, unit, decimals, text] */
const TABLE = [
  [0, 'none', null, '0'],
  [15.25, 'none', null, '15.3'],
  [152.5, 'none', null, '153'],
  [0.1 + 0.2, 'none', null, '0.300'],
  [0.00123, 'none', null, '0.00123'],
  [-1.5, 'none', null, '-1.50'],
  [1234, '', null, '1234'],
  [1.005, 'none', 1, '1.0'],
  [186.123, 'none', -2, '186'],
  [-0.001, 'none', 1, '0.0'],
  [12345, 'short', null, '12.3 K'],
  [1000000, 'short', null, '1 Mil'],
  [2.5e9, 'short', null, '2.50 Bil'],
  [-1500, 'short', null, '-1.50 K'],
  [999, 'short', null, '999'],
  [1000, 'sishort', null, '1 k'],
  [0.002, 'sishort', null, '2 m'],
  [50, 'percent', null, '50%'],
  [0.5, 'percentunit', null, '50%'],
  [0.12345, 'percentunit', 1, '12.3%'],
  [0, 'bytes', null, '0 B'],
  [1536, 'bytes', null, '1.50 KiB'],
  [1073741824, 'bytes', null, '1 GiB'],
  [10000000, 'kbytes', 3, '9.537 GiB'],
  [1500, 'decbytes', null, '1.50 kB'],
  [10000000, 'deckbytes', 3, '10.000 GB'],
  [2048, 'bits', null, '2 Kib'],
  [1000000, 'Bps', null, '1 MB/s'],
  [1048576, 'binBps', null, '1 MiB/s'],
  [2500, 'bps', null, '2.50 kb/s'],
  [1500, 'reqps', null, '1.50K req/s'],
  [15, 'reqps', null, '15 req/s'],
  [2000000, 'rps', null, '2M rd/s'],
  [20, 'ops', null, '20 ops/s'],
  [20, 'iops', null, '20 io/s'],
  [20, 'wps', null, '20 wr/s'],
  [20, 'cps', null, '20 c/s'],
  [2400000000, 'hertz', null, '2.40 GHz'],
  [1500, 'ns', null, '1.50 µs'],
  [252000, '\u00b5s', null, '252 ms'],
  [252000, '\u03bcs', null, '252 ms'],
  [999, 'µs', null, '999 µs'],
  [2500000, 'µs', null, '2.50 s'],
  [90000000, 'µs', null, '90 s'],
  [0.0024, 'ms', 4, '0.0024 ms'],
  [1250, 'ms', 2, '1.25 s'],
  [1200, 'ms', 0, '1 s'],
  [10000086.123, 'ms', 1, '2.8 hours'],
  [0, 's', null, '0 s'],
  [0.25, 's', null, '250 ms'],
  [0.000252, 's', null, '252 µs'],
  [90, 's', null, '1.50 mins'],
  [1209600, 's', null, '2 weeks'],
  [90, 'm', null, '1.50 hours'],
  [36, 'h', null, '1.50 days'],
  [14, 'd', null, '2 weeks'],
  [3723, 'dtdurations', null, '1 hour'],
  [3723, 'dtdurations', 2, '1 hour, 2 minutes, 3 seconds'],
  [93784, 'dthms', null, '26:03:04'],
  [93784, 'dtdhms', null, '1 d 02:03:04'],
  [1700000000000, 'dateTimeAsIso', null, '2023-11-14 22:13:20'],
  [1700000000000, 'dateTimeAsUS', null, '11/14/2023 10:13:20 pm'],
  [1, 'bool', null, 'True'],
  [0, 'bool_yes_no', null, 'No'],
  ['idle', 'string', null, 'idle'],
  [5, 'suffix:items', null, '5 items'],
  [5, 'prefix:~', null, '~5'],
  [5000, 'count:widgets', null, '5K widgets'],
  [5000, 'si:mF', null, '5 F'],
  [1, 'bool:open/closed', null, 'open'],
  [1532.82, 'currencyUSD', 2, '$1.53K'],
  [1532, 'currencySEK', null, '1.53K kr'],
  [255, 'hex0x', null, '0xFF'],
  [5, 'widgets', null, '5 widgets'],
  [NaN, 'short', null, 'NaN'],
  [Infinity, 'short', null, '∞'],
  [null, 'short', null, ''],
  [undefined, 'µs', null, ''],
];

export const tests = {
  'each unit is written as Grafana writes it': () => {
    const written = TABLE.map(([value, unit, decimals]) => [value, unit, formatValue(value, unit, decimals, 'utc')]);
    same(
      written,
      TABLE.map(([value, unit, , text]) => [value, unit, text]),
    );
  },
  'moments are in the time zone of the dashboard': () => {
    const at = Date.UTC(2026, 6, 1, 23, 30);
    same(
      ['utc', 'Asia/Tokyo', 'America/New_York', 'browser'].map((zone) => formatValue(at, 'dateTimeAsIso', null, zone)),
      ['2026-07-01 23:30:00', '2026-07-02 08:30:00', '2026-07-01 19:30:00', '2026-07-02 01:30:00'],
    );
  },
  "an unknown time zone counts as the browser's": () =>
    same([zoneName('Nowhere/Land'), zoneName('UTC')], [undefined, 'UTC']),
};
