// What a value is called, what colour it has, what one value stands for many.

import { calculate, calculationName } from '/panels/model/calculations.js';
import { channels, colour, paletteColour, translucent } from '/panels/model/colours.js';
import { mapper } from '/panels/model/mappings.js';
import { givenName } from '/panels/model/names.js';
import { pattern } from '/panels/model/pattern.js';
import { prepare } from '/panels/model/prepare.js';
import { reduced } from '/panels/model/reduced.js';
import { reached, steps } from '/panels/model/thresholds.js';
import { same } from './check.js';
import { context, data, series, table } from './frames.js';

const DARK = { name: 'dark' };
const LIGHT = { name: 'light' };

/** Titles, texts and colours of the last values. */
function shown(panel, frames, more = {}) {
  const { frames: prepared } = prepare(panel, data(frames), context(more));
  return prepared.flatMap(({ fields }) =>
    fields
      .filter(({ type }) => type !== 'time')
      .map((field) => {
        const { whole, colour: css } = field.display(field.values.at(-1));
        return [field.title, whole, css];
      }),
  );
}

const numbers = { min: 1, max: 5, mean: 3, sum: 9, range: 4, delta: 7, step: -4, diff: 2, median: 3, p90: 4.6 };

export const tests = {
  'calculations take numbers and pass over nulls': () => {
    const values = [null, 1, null, 5, 3, null];
    const others = {
      lastNotNull: 3,
      last: null,
      firstNotNull: 1,
      first: null,
      count: 6,
      changeCount: 2,
      distinctCount: 3,
      diffperc: 2,
      allIsNull: false,
    };
    // 1 → 5 grows by 4, and 5 → 3 is a restart that has counted to 3
    const expected = { ...numbers, step: -2, ...others };
    same(Object.fromEntries(Object.keys(expected).map((id) => [id, calculate(id, values)])), expected);
  },
  'nothing to calculate from is null and not 0': () => {
    same(
      ['mean', 'sum', 'min', 'max', 'range', 'lastNotNull', 'p95', 'stdDev'].map((id) => calculate(id, [null, null])),
      Array(8).fill(null),
    );
  },
  "names of calculations are Grafana's, also of old legends": () => {
    same(['lastNotNull', 'sum', 'avg', 'current', 'p95'].map(calculationName), [
      'Last *',
      'Total',
      'Mean',
      'Last *',
      '95th %',
    ]);
  },
  "colours have Grafana's names, in both themes": () => {
    const names = ['green', 'semi-dark-green', 'super-light-blue', 'dark-red', '#123456', 'tomato'];
    same(
      names.map((name) => colour(name, DARK)),
      ['#73BF69', '#56A64B', '#C0D8FF', '#C4162A', '#123456', 'tomato'],
    );
    same(
      names.map((name) => colour(name, LIGHT)),
      ['#56A64B', '#37872D', '#8AB8FF', '#AD0317', '#123456', 'tomato'],
    );
  },
  "the classic palette has Grafana's order and begins again at its end": () => {
    same(
      [0, 1, 2, 3, 4, 5, 6, 56].map((place) => paletteColour(place, DARK)),
      ['#73BF69', '#F2CC0C', '#8AB8FF', '#FF780A', '#F2495C', '#5794F2', '#B877D9', '#73BF69'],
    );
  },
  'any way to write a colour can be made translucent': () => {
    same(
      ['#ff8000', 'rgb(1, 2, 3)', 'rgba(1,2,3,0.5)', 'no colour'].map((css) => translucent(css, 0.5)),
      ['rgba(255, 128, 0, 0.5)', 'rgba(1, 2, 3, 0.5)', 'rgba(1, 2, 3, 0.25)', 'rgba(128, 128, 128, 0.5)'],
    );
    same(channels('transparent'), [0, 0, 0, 0]);
  },
  'a threshold holds from its value on': () => {
    const list = steps({
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 80 },
          { color: 'orange', value: 50 },
        ],
      },
    });
    same(
      [-5, 49.9, 50, 80, 1e9, null].map((value) => reached(list, value).color),
      ['green', 'green', 'orange', 'red', 'red', 'green'],
    );
  },
  'thresholds in percent are shares of the range': () => {
    const config = {
      thresholds: {
        mode: 'percentage',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 25 },
        ],
      },
    };
    same(
      steps(config, { min: 100, max: 300 }).map(({ value }) => value),
      [-Infinity, 150],
    );
  },
  'mappings are tried in their order': () => {
    const map = mapper([
      { type: 'value', options: { 0: { text: 'down' }, idle: { text: 'free' } } },
      { type: 'range', options: { from: 1, to: 3, result: { text: 'some' } } },
      { type: 'range', options: { from: 4, to: null, result: { text: 'many' } } },
      { type: 'regex', options: { pattern: '/^worker (\\d+)$/', result: { text: '#$1' } } },
      { type: 'special', options: { match: 'null+nan', result: { text: '–' } } },
      { type: 'special', options: { match: 'true', result: { text: 'yes' } } },
    ]);
    same(
      [0, 'idle', 2, 3.5, 9, 'worker 7', null, NaN, true, 'toString'].map((value) => map(value)?.text ?? null),
      ['down', 'free', 'some', null, 'many', '#7', '–', '–', 'yes', null],
    );
  },
  'a pattern is bare or between slashes, and nonsense is none': () => {
    same([pattern('/^A/i').test('abc'), pattern('b+').test('abc'), pattern('(')], [true, true, null]);
  },
  'a field is called what its data source says, else its frame, else its labels': () => {
    const name = (frame, field) => givenName(frame, { type: 'number', ...field });
    same(
      [
        name({ name: 'f' }, { name: 'Value', config: { displayNameFromDS: 'alias' } }),
        name({ name: 'f' }, { name: 'Value' }),
        name({ name: '' }, { name: 'Value', labels: { host: 'a' } }),
        name({ name: '' }, { name: 'rss', labels: { host: 'a', worker: '1' } }),
        name({ name: 'f' }, { name: 'Time', type: 'time' }),
      ],
      ['alias', 'f', 'a', 'rss {host="a", worker="1"}', 'Time'],
    );
  },
  'overrides match by name, pattern, query and type, and later ones win': () => {
    const override = (id, options, ...properties) => ({
      matcher: { id, options },
      properties: properties.map(([key, value]) => ({ id: key, value })),
    });
    const panel = {
      fieldConfig: {
        defaults: { unit: 'short', color: { mode: 'fixed', fixedColor: 'green' } },
        overrides: [
          override('byType', 'number', ['unit', 'ms']),
          override('byName', 'a', ['unit', 's'], ['color', { mode: 'fixed', fixedColor: 'red' }]),
          override('byRegexp', '/^b/', ['displayName', 'worker ${__field.labels.worker}']),
          override('byFrameRefID', 'C', ['decimals', 3]),
          override('byNothingKnown', 'a', ['unit', 'bytes']),
        ],
      },
    };
    const frames = [series('a', [2]), series('b1', [2], { labels: { worker: '7' } }), series('c', [2], { refId: 'C' })];
    same(shown(panel, frames), [
      ['a', '2 s', '#F2495C'],
      ['worker 7', '2 ms', '#73BF69'],
      ['c', '2.000 ms', '#73BF69'],
    ]);
  },
  'an override cannot reach the prototype of all objects': () => {
    const panel = {
      fieldConfig: {
        defaults: {},
        overrides: [{ matcher: { id: 'numeric' }, properties: [{ id: '__proto__.polluted', value: 1 }] }],
      },
    };
    shown(panel, [series('a', [1])]);
    same({}.polluted, undefined);
  },
  'a value without a mapping has the colour of its threshold, and a missing one the text for it': () => {
    const panel = {
      fieldConfig: {
        defaults: {
          color: { mode: 'thresholds' },
          noValue: 'nothing',
          thresholds: {
            steps: [
              { color: 'green', value: null },
              { color: 'red', value: 1 },
            ],
          },
          mappings: [{ type: 'value', options: { 5: { text: 'five', color: 'purple' } } }],
        },
      },
    };
    same(shown(panel, [series('a', [0]), series('b', [1]), series('c', [5]), series('d', [null])]), [
      ['a', '0', '#73BF69'],
      ['b', '1', '#F2495C'],
      ['c', 'five', '#B877D9'],
      ['d', 'nothing', '#73BF69'],
    ]);
  },
  'one value stands for a series, or each row for itself': () => {
    const { frames } = prepare({ fieldConfig: { defaults: { unit: 'ms' } } }, data([series('a', [1, 3])]), context());
    const texts = (options) => reduced(frames, options).map(({ title, display }) => [title, display.whole]);
    same(texts({ calcs: ['mean'] }), [['a', '2 ms']]);
    same(texts({ calcs: ['max', 'count'] }), [
      ['a Max', '3 ms'],
      ['a Count', '2'],
    ]);
    const rows = prepare({}, data([table({ worker: ['x', 'y'], busy: [1, 0] })]), context()).frames;
    same(
      reduced(rows, { values: true }).map(({ title, value }) => [title, value]),
      [
        ['x', 1],
        ['y', 0],
      ],
    );
  },
  'text fields are shown when a panel names them': () => {
    const { frames } = prepare({}, data([table({ time: [1, 2], state: ['idle', 'busy'] })]), context());
    same(
      [reduced(frames, { fields: '' }).length, reduced(frames, { fields: '/^state$/' })[0].display.whole],
      [0, 'busy'],
    );
  },
};
