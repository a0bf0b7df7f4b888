// Each transformation on small frames.

import { givenName } from '/panels/model/names.js';
import { transform } from '/transformations.js';
import { same } from './check.js';
import { columns, series, table } from './frames.js';

const apply = (frames, ...transformations) =>
  transform(frames, transformations).frames.map((frame) => columns(frame, givenName));

const two = () => [series('a', [1, 2], { times: [10, 20] }), series('b', [3, 4], { times: [20, 30] })];

export const tests = {
  'without transformations the frames are the same objects': () => {
    const frames = two();
    same(transform(frames, undefined).frames === frames, true);
  },
  'an unknown transformation is named and ends the chain': () => {
    const { frames, problem } = transform(two(), [
      { id: 'limit', options: { limitField: 1 } },
      { id: 'spatial', options: {} },
      { id: 'limit', options: { limitField: 0 } },
    ]);
    same(
      [frames.map(({ fields }) => fields[1].values), problem],
      [[[1], [3]], 'This page cannot do the transformation “spatial”.'],
    );
  },
  'a disabled transformation is left out': () =>
    same(transform(two(), [{ id: 'spatial', disabled: true }]).problem, null),
  'organize orders, drops and renames': () => {
    const options = { indexByName: { c: 0, a: 2 }, excludeByName: { b: true }, renameByName: { c: 'third' } };
    same(apply([table({ a: [1], b: [2], c: [3] })], { id: 'organize', options }), [{ third: [3], a: [1] }]);
  },
  'filterFieldsByName takes names and patterns': () => {
    const frame = () => [table({ time: [0], rss: [1], rss_max: [2], tx: [3] })];
    same(apply(frame(), { id: 'filterFieldsByName', options: { include: { names: ['time'], pattern: '/^rss/' } } }), [
      { time: [0], rss: [1], rss_max: [2] },
    ]);
    same(apply(frame(), { id: 'filterFieldsByName', options: { exclude: { pattern: 'rss' } } }), [
      { time: [0], tx: [3] },
    ]);
  },
  'renameByRegex uses groups and leaves time alone': () => {
    same(
      apply([table({ time: [0], 'worker 1': [1] })], {
        id: 'renameByRegex',
        options: { regex: '(.*) (\\d)', renamePattern: '$2-$1' },
      }),
      [{ time: [0], '1-worker': [1] }],
    );
  },
  'joinByField puts series side by side, with null where one has no row': () => {
    same(apply(two(), { id: 'joinByField', options: {} }), [{ Time: [10, 20, 30], a: [1, 2, null], b: [null, 3, 4] }]);
    same(apply(two(), { id: 'seriesToColumns', options: { byField: 'Time', mode: 'inner' } }), [
      { Time: [20], a: [2], b: [3] },
    ]);
  },
  'merge makes one row of rows that agree': () => {
    const frames = [table({ host: ['x', 'y'], cpu: [1, 2] }), table({ host: ['y', 'z'], memory: [3, 4] })];
    same(apply(frames, { id: 'merge', options: {} }), [
      { host: ['x', 'y', 'z'], cpu: [1, 2, null], memory: [null, 3, 4] },
    ]);
  },
  'merge keeps all rows of frames with the same columns': () => {
    const frames = [table({ host: ['x'], cpu: [1] }), table({ host: ['x'], cpu: [1] })];
    same(apply(frames, { id: 'merge', options: {} }), [{ host: ['x', 'x'], cpu: [1, 1] }]);
  },
  'seriesToRows is one row for each value, latest first': () => {
    same(apply(two(), { id: 'seriesToRows', options: {} }), [
      { Time: [30, 20, 20, 10], Metric: ['b', 'a', 'b', 'a'], Value: [4, 2, 3, 1] },
    ]);
  },
  'labelsToFields makes columns of labels': () => {
    const frames = ['1', '2'].map((worker) =>
      series('', [Number(worker)], {
        times: [10],
        labels: { worker, host: 'x' },
        config: { displayNameFromDS: undefined },
      }),
    );
    same(apply(frames, { id: 'labelsToFields', options: { keepLabels: ['worker'] } }), [
      { Time: [10, 10], worker: ['1', '2'], Value: [1, 2] },
    ]);
  },
  'reduce makes a row of each series': () => {
    same(apply(two(), { id: 'reduce', options: { reducers: ['mean', 'lastNotNull'] } }), [
      { Field: ['a', 'b'], Mean: [1.5, 3.5], 'Last *': [2, 4] },
    ]);
    same(apply(two(), { id: 'reduce', options: { mode: 'reduceFields', reducers: ['max'] } }), [
      { a: [2] },
      { b: [4] },
    ]);
  },
  'groupBy calculates over the rows of each group': () => {
    const frame = table({ worker: ['1', '2', '1'], rss: [10, 20, 30] });
    const options = {
      fields: { worker: { operation: 'groupby' }, rss: { operation: 'aggregate', aggregations: ['mean', 'count'] } },
    };
    same(apply([frame], { id: 'groupBy', options }), [
      { worker: ['1', '2'], 'rss (mean)': [20, 20], 'rss (count)': [2, 1] },
    ]);
  },
  'sortBy sorts rows and keeps missing values last when rising': () => {
    const frame = () => [table({ name: ['w2', 'w10', 'w1'], rss: [2, null, 1] })];
    same(apply(frame(), { id: 'sortBy', options: { sort: [{ field: 'rss' }] } }), [
      { name: ['w1', 'w2', 'w10'], rss: [1, 2, null] },
    ]);
    same(apply(frame(), { id: 'sortBy', options: { sort: [{ field: 'name', desc: true }] } }), [
      { name: ['w10', 'w2', 'w1'], rss: [null, 2, 1] },
    ]);
  },
  'calculateField works with two columns, a number, or the whole row': () => {
    const frame = () => [table({ time: [0, 1], a: [6, null], b: [3, 0] })];
    same(
      apply(frame(), {
        id: 'calculateField',
        options: { mode: 'binary', binary: { left: 'a', operator: '/', right: 'b' }, replaceFields: true },
      }),
      [{ time: [0, 1], 'a / b': [2, null] }],
    );
    same(
      apply(frame(), {
        id: 'calculateField',
        options: {
          mode: 'binary',
          alias: 'twice',
          binary: { left: { matcher: { options: 'b' } }, operator: '*', right: { fixed: '2' } },
          replaceFields: true,
        },
      }),
      [{ time: [0, 1], twice: [6, 0] }],
    );
    same(
      apply(frame(), { id: 'calculateField', options: { mode: 'reduceRow', reduce: { reducer: 'sum' } } })[0].Total,
      [9, 0],
    );
  },
  'calculateField joins series on time first': () => {
    same(
      apply(two(), {
        id: 'calculateField',
        options: { mode: 'binary', alias: 'sum', binary: { left: 'a', operator: '+', right: 'b' } },
      })[0].sum,
      [null, 5, null],
    );
  },
  'a mode of calculateField that is not known is named': () => {
    same(
      transform(two(), [{ id: 'calculateField', options: { mode: 'windowFunctions' } }]).problem,
      'This page cannot do the transformation “calculateField (windowFunctions)”.',
    );
  },
  'filterByRefId keeps queries': () => {
    const frames = [series('a', [1]), series('b', [2], { refId: 'B' })];
    same(apply(frames, { id: 'filterByRefId', options: { include: 'B' } }).map(Object.keys), [['Time', 'b']]);
  },
};
