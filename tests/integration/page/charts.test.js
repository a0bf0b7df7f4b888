// What charts compute before anything is drawn: common times, gaps, stacks, axes, boxes, stretches.

import { linearRange } from '/panels/plot/axes.js';
import { toggled } from '/panels/plot/legend.js';
import { timeTicks, valueTicks } from '/panels/plot/ticks.js';
import { bucketed, niceDuration, niceStep } from '/panels/heatmap/buckets.js';
import { boundOf, rowsOf } from '/panels/heatmap/rows.js';
import { stretches, stretchAt } from '/panels/state-timeline/states.js';
import { nextSort, visibleRows } from '/panels/table/rows.js';
import { aligned, breakAt, bridged, broken, ordered, spacing } from '/panels/timeseries/align.js';
import { grouped } from '/panels/timeseries/scales.js';
import { stack } from '/panels/timeseries/stacking.js';
import { lonely } from '/panels/timeseries/style.js';
import { tiles } from '/panels/stat/layout.js';
import { same } from './check.js';
import { FROM } from './frames.js';

const plain = { key: 'A', percent: false };
const percent = { key: 'A', percent: true };
const column = (title, values) => ({ title, values, display: (value) => ({ whole: String(value ?? '') }) });
const numbered = (unit, custom = {}, more = {}) => ({ custom, field: { config: { unit, ...more } } });

export const tests = {
  'series with the same times share them, without a copy': () => {
    const times = [1, 2];
    const found = aligned([
      { times, values: [5, 6] },
      { times: [1, 2], values: [7, 8] },
    ]);
    same(
      [found.times === times, found.columns],
      [
        true,
        [
          [5, 6],
          [7, 8],
        ],
      ],
    );
  },
  'series with other times get undefined where only others have a point': () => {
    same(
      aligned([
        { times: [1, 3], values: [5, null] },
        { times: [2, 3], values: [7, 8] },
      ]),
      {
        times: [1, 2, 3],
        columns: [
          [5, undefined, null],
          [undefined, 7, 8],
        ],
      },
    );
  },
  'rows in the wrong order are put in the order of time': () => {
    same(ordered({ times: [3, 1, 2], values: ['c', 'a', 'b'] }), { times: [1, 2, 3], values: ['a', 'b', 'c'] });
  },
  'a line breaks where the next point is too far away': () => {
    same(broken({ times: [0, 10, 50, 60], values: [1, 2, 3, 4] }, 25), {
      times: [0, 10, 22.5, 50, 60],
      values: [1, 2, null, 3, 4],
    });
    const whole = { times: [0, 10], values: [1, 2] };
    same(broken(whole, 25).values === whole.values, true);
  },
  "how far is too far is the dashboard's word, then the data source's, then what is usual": () => {
    same(
      [
        breakAt({ insertNulls: 7000, fieldInterval: 3000, intervalMs: 1000, usual: 1000 }),
        breakAt({ insertNulls: false, fieldInterval: 3000, intervalMs: 1000, usual: 1000 }),
        breakAt({ intervalMs: 1000, usual: 10000 }),
        breakAt({ intervalMs: 20000, usual: 10000 }),
        breakAt({ intervalMs: 0, usual: 0 }),
      ],
      [7000, 3000, 25000, 50000, Infinity],
    );
  },
  'nulls may be bridged up to a length': () => {
    same(bridged({ times: [0, 1, 2, 3, 4, 5], values: [1, null, 3, null, null, 6] }, 2).values, [
      1,
      undefined,
      3,
      null,
      null,
      6,
    ]);
  },
  'the usual distance is the median': () => same([spacing([0, 1, 2, 100]), spacing([5]), spacing([])], [1, 0, 0]),
  'a stack adds what is there, and missing values stay missing': () => {
    const { columns, bases, under } = stack(
      [
        [1, 2, null],
        [10, null, 30],
        [100, 200, 300],
      ],
      [plain, plain, plain],
    );
    same(columns, [
      [1, 2, null],
      [11, null, 30],
      [111, 202, 330],
    ]);
    same(
      [bases[2], under],
      [
        [11, 2, 30],
        [null, 0, 1],
      ],
    );
  },
  'shares of a stack are of all that is there at that time': () => {
    same(
      stack(
        [
          [1, 2, 0],
          [3, null, 0],
        ],
        [percent, percent],
      ).columns,
      [
        [0.25, 1, 0],
        [1, null, 0],
      ],
    );
  },
  'columns below zero hang in a stack of their own, and unstacked ones are left alone': () => {
    same(stack([[1], [-2], [3], [-4], [9]], [plain, plain, plain, plain, null]).columns, [[1], [-2], [4], [-6], [9]]);
  },
  'groups do not stack on each other': () =>
    same(stack([[1], [2], [3]], [plain, { key: 'B', percent: false }, plain]).columns, [[1], [2], [4]]),
  'a point between two gaps is lonely, one with a neighbour behind missing rows is not': () => {
    same(lonely([1, null, 2, null, null, 3, undefined, 4, null, 5]), [0, 2, 9]);
    same(lonely([1, undefined, 2]), []);
  },
  'units get axes of their own, the first on the left': () => {
    const groups = grouped([
      numbered('ms'),
      numbered('bytes'),
      numbered('ms'),
      numbered('percent', { axisPlacement: 'hidden' }),
      numbered('short', { axisPlacement: 'left' }),
    ]);
    same(
      groups.map(({ series, right }) => [series, right]),
      [
        [[0, 2], true],
        [[1], true],
        [[3], undefined],
        [[4], false],
      ],
    );
    same(
      grouped([numbered('ms'), numbered('ms', { axisPlacement: 'right' })]).map(({ right }) => right),
      [false, true],
    );
  },
  'limits of an axis hold, and without them it goes round the data': () => {
    same(linearRange({ min: 0, max: 10 }, 3, 25), [0, 10]);
    same(linearRange({ min: 0 }, 3, 25), [0, 28]);
    same(linearRange({ min: 0 }, 100, 100), [0, 110]);
    same(linearRange({}, 100, 110), [99, 111]);
    same(linearRange({}, 1, 100), [0, 110]);
    same(linearRange({ softMin: 0, softMax: 100 }, 40, 60), [0, 100]);
    same(linearRange({ softMax: 100 }, 40, 160)[1] >= 160, true);
    same(linearRange({}, 0, 0), [0, 1]);
    same(linearRange({ min: 0 }, null, null), [0, 1]);
  },
  'ticks have as few decimals as tell them apart, each prefix for itself': () => {
    same(valueTicks([0, 500, 1000, 1500], 'reqps', 'utc'), ['0 req/s', '500 req/s', '1.0K req/s', '1.5K req/s']);
    same(valueTicks([0, 0.25, 0.5], 'percentunit', 'utc'), ['0%', '25%', '50%']);
    same(valueTicks([0, 2000, 4000], 'µs', 'utc'), ['0 µs', '2 ms', '4 ms']);
    same(valueTicks([0, 1], 'bool', 'utc'), ['False', 'True']);
    same(valueTicks([null, 1], 'none', 'utc'), ['', '1']);
  },
  'times on an axis are as precise as their distance': () => {
    const at = Date.UTC(2026, 10, 22, 16, 5, 7, 30);
    const cases = [
      [500, 5000],
      [5000, 60000],
      [300000, 3600000],
      [3600000, 3 * 86400000],
      [86400000, 14 * 86400000],
      [31 * 86400000, 365 * 86400000],
      [366 * 86400000, 4e11],
    ];
    same(
      cases.map(([distance, span]) => timeTicks([at], distance, span, 'utc')[0]),
      ['16:05:07.030', '16:05:07', '16:05', '11/22 16:05', '11/22', '2026-11', '2026'],
    );
  },
  'a click shows one series alone, another click all, and with a key only that one changes': () => {
    const names = ['a', 'b', 'c'];
    same(toggled(names, new Set(), 'b', false), new Set(['a', 'c']));
    same(toggled(names, new Set(['a', 'c']), 'b', false), new Set());
    same(toggled(names, new Set(['a', 'c']), 'a', false), new Set(['b', 'c']));
    same(toggled(names, new Set(['a']), 'b', true), new Set(['a', 'b']));
    same(toggled(names, new Set(['a']), 'a', true), new Set());
  },
  'steps of boxes are round': () => {
    same([0.3, 7, 24, 25, 26, 1000].map(niceStep), [0.5, 10, 25, 25, 50, 1000]);
    same([40, 1500, 16000, 70000, 4e9].map(niceDuration), [50, 2000, 30000, 120000, 4060800000]);
  },
  'values are counted in the boxes they fall into': () => {
    const found = bucketed(
      [
        { times: [0, 5, 10, 19], values: [1, 2, 12, null] },
        { times: [10], values: [11] },
      ],
      { from: 0, to: 19 },
      { xBuckets: { mode: 'size', value: '10ms' }, yBuckets: { mode: 'size', value: '10' } },
    );
    const { counts, edge, ...rest } = found;
    same(rest, { columns: 2, rows: 2, start: 0, width: 10, log: false });
    same([counts, edge(0), edge(2)], [[2, 0, 0, 2], 0, 20]);
  },
  'boxes may grow by a factor, and then nothing at or below zero counts': () => {
    const { counts, edge, rows, log } = bucketed(
      [{ times: [0, 0, 0, 0], values: [-1, 1, 8, 9] }],
      { from: 0, to: 10 },
      { xBuckets: { mode: 'count', value: '1' }, yBuckets: { scale: { type: 'log', log: 2 } } },
    );
    same([rows, log, edge(0), edge(4), counts.reduce((sum, count) => sum + count, 0)], [4, true, 1, 16, 3]);
  },
  'nothing to count makes no boxes': () => same(bucketed([{ times: [1], values: [null] }], { from: 0, to: 10 }), null),
  'the number of boxes is bounded, whatever sizes are asked for': () => {
    const { columns, rows } = bucketed(
      [{ times: [0, 1e9], values: [0, 1e9] }],
      { from: 0, to: 1e9 },
      { xBuckets: { mode: 'size', value: '1ms' }, yBuckets: { mode: 'size', value: '0.001' } },
    );
    same([columns <= 2001, rows <= 50], [true, true]);
  },
  'bounds of buckets are read from names and labels': () => {
    same(
      ['0.5', '+Inf', 'le 10', '<= 2', 'total'].map((name) => boundOf({ name })),
      [0.5, Infinity, 10, 2, NaN],
    );
    same(boundOf({ name: 'x', labels: { le: '7' } }), 7);
  },
  'series that are buckets are sorted by their bounds': () => {
    const times = [FROM, FROM + 1000];
    const { names, counts, width, columns, rows } = rowsOf([
      { name: '+Inf', times, values: [5, 6] },
      { name: '0.5', times, values: [1, null] },
      { name: '10', times, values: [3, 4] },
    ]);
    same([names, counts, width, columns, rows], [['0.5', '10', '+Inf'], [1, 3, 5, 0, 4, 6], 1000, 2, 3]);
  },
  'a state lasts until the next, equal ones are one, and null ends it': () => {
    same(stretches([0, 10, 20, 30, 40], ['a', 'a', 'b', null, 'c'], { end: 50 }), [
      { from: 0, to: 20, value: 'a' },
      { from: 20, to: 30, value: 'b' },
      { from: 40, to: 50, value: 'c' },
    ]);
  },
  'states may span nulls, stay apart, or end without a next point': () => {
    same(stretches([0, 10, 20], ['a', null, 'a'], { end: 30, spanNulls: true }), [{ from: 0, to: 30, value: 'a' }]);
    same(stretches([0, 10], ['a', 'a'], { end: 20, merge: false }).length, 2);
    same(stretches([0, 100], ['a', 'a'], { end: 120, insertNulls: 30 }), [
      { from: 0, to: 30, value: 'a' },
      { from: 100, to: 120, value: 'a' },
    ]);
  },
  'the stretch at a time': () => {
    const list = [
      { from: 0, to: 10, value: 'a' },
      { from: 20, to: 30, value: 'b' },
    ];
    same(
      [0, 10, 15, 29, 30].map((time) => stretchAt(list, time)?.value ?? null),
      ['a', null, null, 'b', null],
    );
  },
  'rows of a table are filtered by text and sorted by value': () => {
    const columns = [column('name', ['w2', 'w10', 'x1', 'w1']), column('rss', [5, null, 7, 1])];
    same(visibleRows(columns), [0, 1, 2, 3]);
    same(visibleRows(columns, { filters: new Map([[0, 'W']]) }), [0, 1, 3]);
    same(visibleRows(columns, { sort: { at: 0, descending: false } }), [3, 0, 1, 2]);
    same(visibleRows(columns, { sort: { at: 1, descending: false }, filters: new Map([[0, 'w']]) }), [3, 0, 1]);
  },
  'clicks on a heading sort up, down, and not at all': () => {
    const up = nextSort(null, 2);
    same(
      [up, nextSort(up, 2), nextSort(nextSort(up, 2), 2), nextSort(up, 1)],
      [{ at: 2, descending: false }, { at: 2, descending: true }, null, { at: 1, descending: false }],
    );
  },
  'tiles are arranged so that their texts are largest, or as the dashboard says': () => {
    const arranged = (count, width, height, orientation) => {
      const { columns, rows } = tiles(count, width, height, orientation);
      return [columns, rows];
    };
    same(
      [
        arranged(3, 300, 100),
        arranged(3, 100, 300),
        arranged(2, 150, 85),
        arranged(4, 200, 160),
        arranged(1, 300, 100),
        arranged(0, 300, 100),
      ],
      [
        [3, 1],
        [1, 3],
        [2, 1],
        [2, 2],
        [1, 1],
        [1, 1],
      ],
    );
    same(
      [arranged(3, 300, 100, 'horizontal'), arranged(3, 100, 300, 'vertical')],
      [
        [1, 3],
        [3, 1],
      ],
    );
    same(tiles(3, 300, 100), { columns: 3, rows: 1, width: 100, height: 100 });
  },
};
