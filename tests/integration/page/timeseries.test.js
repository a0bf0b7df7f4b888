// The time series panel in the page: what is drawn, what stays in place when data is refreshed, what pointer and keys do.

import { holds, same, until } from './check.js';
import { FROM, data, series } from './frames.js';
import { frame, pixels, point, shown, tooltip } from './stage.js';

const GREEN = '#73BF69';

const YELLOW = '#F2CC0C';

const wave = (height) => Array.from({ length: 60 }, (_, at) => height + Math.sin(at / 5));

const chart = (custom = {}, options = {}, defaults = {}) => ({
  type: 'timeseries',
  title: 'Rate',
  fieldConfig: { defaults: { unit: 'ms', ...defaults, custom: { lineWidth: 2, ...custom } }, overrides: [] },
  options: { legend: { calcs: ['max'] }, tooltip: { mode: 'multi', sort: 'desc' }, ...options },
});

export const tests = {
  'a time series draws its lines and writes its legend': async () => {
    const view = await shown(chart(), [series('a', wave(2)), series('b', wave(5))]);
    holds(pixels(view, GREEN) > 300 && pixels(view, YELLOW) > 300, 'lines of both series are on the canvas');
    same(
      [view.texts('.legend-text'), view.texts('.legend-values')],
      [
        ['a', 'b'],
        ['Max: 3.00 ms', 'Max: 6.00 ms'],
      ],
    );
    view.end();
  },
  'a refresh replaces data and no nodes': async () => {
    const view = await shown(chart(), [series('a', wave(2)), series('b', wave(5))]);
    const before = [...view.body.querySelectorAll('*')];
    view.mounted.update(data([series('a', wave(3)), series('b', wave(7))]));
    await frame();
    const after = [...view.body.querySelectorAll('*')];
    holds(
      before.length === after.length && before.every((node, at) => node === after[at]),
      'the nodes are the same ones',
    );
    same(view.texts('.legend-values'), ['Max: 4.00 ms', 'Max: 8.00 ms']);
    view.end();
  },
  'a new series joins chart and legend': async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    view.mounted.update(data([series('a', wave(2)), series('b', wave(5))]));
    await frame();
    holds(pixels(view, YELLOW) > 300, 'the second line is drawn');
    same(view.texts('.legend-text'), ['a', 'b']);
    view.end();
  },
  'without data the axis of time is there': async () => {
    const view = await shown(chart(), []);
    holds(view.find('canvas') !== null && view.over !== null, 'an empty chart is a chart');
    view.end();
  },
  'a click on a name shows that series alone, and another all of them': async () => {
    const view = await shown(chart(), [series('a', wave(2)), series('b', wave(5))]);
    view.find('[data-row="1"]').click();
    await frame();
    holds(pixels(view, GREEN) < 20 && pixels(view, YELLOW) > 300, 'only the second line is left');
    same(
      [...view.body.querySelectorAll('.legend-name')].map((node) => node.getAttribute('aria-pressed')),
      ['false', 'true'],
    );
    view.find('[data-row="1"]').click();
    await frame();
    holds(pixels(view, GREEN) > 300, 'both are back');
    view.end();
  },
  'the tooltip shows the values before stacking, the largest first, and the pointer is shared': async () => {
    const told = [];
    const view = await shown(chart({ stacking: { mode: 'normal', group: 'A' } }), [
      series(
        'a',
        wave(2).map(() => 2),
      ),
      series(
        'b',
        wave(2).map(() => 5),
      ),
    ]);
    view.given.crosshair.subscribe((time) => told.push(time));
    point(view, 'mouseenter', 0.5, 0.5);
    point(view, 'mousemove', 0.5, 0.5);
    await until(tooltip, 'a tooltip is shown');
    same(
      [...tooltip().querySelectorAll('.tooltip-row')].map((row) =>
        [...row.children].slice(1).map((node) => node.textContent),
      ),
      [
        ['b', '5 ms'],
        ['a', '2 ms'],
      ],
    );
    same(tooltip().querySelector('.tooltip-title').textContent, '2026-11-22 16:00:30');
    same(Math.abs(told.at(-1) - (FROM + 30000)) < 200, true);
    point(view, 'mouseleave', 0.5, 0.5);
    await until(() => !tooltip(), 'the tooltip goes with the pointer');
    same(told.at(-1), null);
    view.end();
  },
  "another panel's pointer is a line here": async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    const line = view.find('.shared-crosshair');
    view.given.crosshair.publish(FROM + 15000, {});
    const quarter = Math.round(view.over.clientWidth / 4);
    same([line.style.visibility, line.style.transform], ['visible', `translateX(${quarter}px)`]);
    view.given.crosshair.publish(null, {});
    same(line.style.visibility, 'hidden');
    view.end();
  },
  "where the dashboard shares tooltips, another panel's pointer brings this one's": async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    const told = [];
    view.given.crosshair.mode = 2;
    view.given.crosshair.subscribe((time, source) => told.push(source));
    const source = {};
    view.given.crosshair.publish(FROM + 15000, source);
    same(tooltip().querySelector('.tooltip-title').textContent, '2026-11-22 16:00:15');
    // A refresh moves uPlot's cursor too, which is no pointer either
    view.mounted.update(data([series('a', wave(3))]));
    await frame();
    view.given.crosshair.publish(null, source);
    same([tooltip(), told.every((one) => one === source)], [null, true]);
    view.end();
  },
  'dragging asks for the range that was dragged over': async () => {
    const zooms = [];
    const view = await shown(chart(), [series('a', wave(2))], {
      context: { zoom: (from, to) => zooms.push([from, to]) },
    });
    point(view, 'mouseenter', 0.25, 0.5);
    point(view, 'mousemove', 0.25, 0.5);
    point(view, 'mousedown', 0.25, 0.5, { button: 0 });
    for (const x of [0.4, 0.75]) {
      point(view, 'mousemove', x, 0.5, { movementX: 50 });
      await frame();
    }
    point(view, 'mouseup', 0.75, 0.5, { button: 0 });
    await until(() => zooms.length > 0, 'a zoom was asked for');
    const [[from, to]] = zooms;
    holds(
      Math.abs(from - (FROM + 15000)) < 300 && Math.abs(to - (FROM + 45000)) < 300,
      `from ${from - FROM} to ${to - FROM}`,
    );
    view.end();
  },
  'arrow keys move along the values': async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    view.over.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight'])
      view.over.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await until(tooltip, 'keys bring the tooltip');
    same(tooltip().querySelector('.tooltip-title').textContent, '2026-11-22 16:00:02');
    view.end();
    await until(() => !tooltip(), 'nothing is left of a panel that is gone');
  },
  'annotations have marks that tell what they say, without their markup': async () => {
    const annotations = [
      { time: FROM + 30000, text: 'reload <b>now</b>', tags: ['uwsgi'], color: 'red' },
      { time: FROM + 10000, timeEnd: FROM + 20000, text: 'run' },
      { time: FROM - 9e6, text: 'long ago' },
    ];
    const view = await shown(chart(), [series('a', wave(2))], { data: { annotations } });
    const marks = view.body.querySelectorAll('.annotation-mark');
    same(
      [...marks].map((mark) => mark.getAttribute('aria-label')),
      ['reload now', 'run'],
    );
    marks[0].dispatchEvent(new MouseEvent('mouseenter'));
    same(
      [...tooltip().querySelectorAll('.tooltip-name')].map((node) => node.textContent),
      ['reload now', 'tags: uwsgi'],
    );
    view.end();
  },
  'a transformation that is not known is named in the panel': async () => {
    const view = await shown({ ...chart(), transformations: [{ id: 'spatial', options: {} }] }, [series('a', wave(2))]);
    same(view.texts('.panel-message'), ['This page cannot do the transformation “spatial”.']);
    view.end();
  },
  'a chart follows the size of its panel': async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    view.body.style.width = '300px';
    await until(() => view.find('.uplot').clientWidth === 300, 'the chart is as wide as the panel');
    view.end();
  },
};
