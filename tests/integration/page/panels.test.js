// Panels in the page: what is drawn and written, what stays in place when data is refreshed, what pointer and keys do.

import { channels } from '/panels/model/colours.js';
import { panelKind } from '/panels/index.js';
import { normalise } from '/panels/normalise.js';
import { html } from '/panels/text/html.js';
import { markdown } from '/panels/text/markdown.js';
import { holds, same, until } from './check.js';
import { FROM, context, data, series, table } from './frames.js';

const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

/** The panel in a body of 600 × 300, with what it was given last. */
async function shown(model, frames, more = {}) {
  const body = document.createElement('div');
  Object.assign(body.style, { position: 'absolute', top: '0', left: '0', width: '600px', height: '300px' });
  document.body.append(body);
  const panel = normalise(model);
  const given = context(more.context);
  const mounted = panelKind(panel).mount(body, panel, given);
  mounted.resize(600, 300);
  mounted.update(data(frames, more.data));
  await frame();
  return {
    body,
    given,
    mounted,
    over: body.querySelector('.u-over'),
    find: (selector) => body.querySelector(selector),
    texts: (selector) => [...body.querySelectorAll(selector)].map((node) => node.textContent),
    end() {
      mounted.destroy();
      body.remove();
    },
  };
}

/** How many pixels of the panel's canvas have about that colour. */
function pixels(view, css) {
  const canvas = view.find('canvas');
  const wanted = channels(css);
  // A copy, because reading a canvas turns off its acceleration
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data: bytes } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    if (bytes[at + 3] > 100 && [0, 1, 2].every((channel) => Math.abs(bytes[at + channel] - wanted[channel]) < 24)) count += 1;
  }
  return count;
}

const GREEN = '#73BF69';
const YELLOW = '#F2CC0C';
const wave = (height) => Array.from({ length: 60 }, (_, at) => height + Math.sin(at / 5));
const chart = (custom = {}, options = {}, defaults = {}) => ({ type: 'timeseries', title: 'Rate', fieldConfig: { defaults: { unit: 'ms', ...defaults, custom: { lineWidth: 2, ...custom } }, overrides: [] }, options: { legend: { calcs: ['max'] }, tooltip: { mode: 'multi', sort: 'desc' }, ...options } });

function point(view, type, x, y, more = {}) {
  const box = view.over.getBoundingClientRect();
  view.over.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height, ...more }));
}

const tooltip = () => document.querySelector('.panel-tooltip:not([hidden])');

export const tests = {
  'a time series draws its lines and writes its legend': async () => {
    const view = await shown(chart(), [series('a', wave(2)), series('b', wave(5))]);
    holds(pixels(view, GREEN) > 300 && pixels(view, YELLOW) > 300, 'lines of both series are on the canvas');
    same([view.texts('.legend-text'), view.texts('.legend-values')], [['a', 'b'], ['Max: 3.00 ms', 'Max: 6.00 ms']]);
    view.end();
  },
  'a refresh replaces data and no nodes': async () => {
    const view = await shown(chart(), [series('a', wave(2)), series('b', wave(5))]);
    const before = [...view.body.querySelectorAll('*')];
    view.mounted.update(data([series('a', wave(3)), series('b', wave(7))]));
    await frame();
    const after = [...view.body.querySelectorAll('*')];
    holds(before.length === after.length && before.every((node, at) => node === after[at]), 'the nodes are the same ones');
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
    same([...view.body.querySelectorAll('.legend-name')].map((node) => node.getAttribute('aria-pressed')), ['false', 'true']);
    view.find('[data-row="1"]').click();
    await frame();
    holds(pixels(view, GREEN) > 300, 'both are back');
    view.end();
  },
  'the tooltip shows the values before stacking, the largest first, and the pointer is shared': async () => {
    const told = [];
    const view = await shown(chart({ stacking: { mode: 'normal', group: 'A' } }), [series('a', wave(2).map(() => 2)), series('b', wave(2).map(() => 5))]);
    view.given.crosshair.subscribe((time) => told.push(time));
    point(view, 'mouseenter', 0.5, 0.5);
    point(view, 'mousemove', 0.5, 0.5);
    await until(tooltip, 'a tooltip is shown');
    same([...tooltip().querySelectorAll('.tooltip-row')].map((row) => [...row.children].slice(1).map((node) => node.textContent)), [['b', '5 ms'], ['a', '2 ms']]);
    same(tooltip().querySelector('.tooltip-title').textContent, '2026-11-22 16:00:30');
    same(Math.abs(told.at(-1) - (FROM + 30000)) < 200, true);
    point(view, 'mouseleave', 0.5, 0.5);
    await until(() => !tooltip(), 'the tooltip goes with the pointer');
    same(told.at(-1), null);
    view.end();
  },
  'another panel\'s pointer is a line here': async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    const line = view.find('.shared-crosshair');
    view.given.crosshair.publish(FROM + 15000, {});
    const quarter = Math.round(view.over.clientWidth / 4);
    same([line.style.visibility, line.style.transform], ['visible', `translateX(${quarter}px)`]);
    view.given.crosshair.publish(null, {});
    same(line.style.visibility, 'hidden');
    view.end();
  },
  'dragging asks for the range that was dragged over': async () => {
    const zooms = [];
    const view = await shown(chart(), [series('a', wave(2))], { context: { zoom: (from, to) => zooms.push([from, to]) } });
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
    holds(Math.abs(from - (FROM + 15000)) < 300 && Math.abs(to - (FROM + 45000)) < 300, `from ${from - FROM} to ${to - FROM}`);
    view.end();
  },
  'arrow keys move along the values': async () => {
    const view = await shown(chart(), [series('a', wave(2))]);
    view.over.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight']) view.over.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await until(tooltip, 'keys bring the tooltip');
    same(tooltip().querySelector('.tooltip-title').textContent, '2026-11-22 16:00:02');
    view.end();
    await until(() => !tooltip(), 'nothing is left of a panel that is gone');
  },
  'annotations have marks that tell what they say, without their markup': async () => {
    const annotations = [{ time: FROM + 30000, text: 'reload <b>now</b>', tags: ['uwsgi'], color: 'red' }, { time: FROM + 10000, timeEnd: FROM + 20000, text: 'run' }, { time: FROM - 9e6, text: 'long ago' }];
    const view = await shown(chart(), [series('a', wave(2))], { data: { annotations } });
    const marks = view.body.querySelectorAll('.annotation-mark');
    same([...marks].map((mark) => mark.getAttribute('aria-label')), ['reload now', 'run']);
    marks[0].dispatchEvent(new MouseEvent('mouseenter'));
    same([...tooltip().querySelectorAll('.tooltip-name')].map((node) => node.textContent), ['reload now', 'tags: uwsgi']);
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
  'a stat writes value, unit and name, and keeps its nodes': async () => {
    const model = { type: 'stat', fieldConfig: { defaults: { unit: 'reqps', thresholds: { steps: [{ color: 'green', value: null }, { color: 'red', value: 1000 }] } } }, options: { textMode: 'value_and_name' } };
    const view = await shown(model, [series('achieved', [1, 500])]);
    const node = view.find('.stat-value');
    same([view.texts('.stat-name'), node.textContent, node.style.color], [['achieved'], '500 req/s', 'rgb(115, 191, 105)']);
    view.mounted.update(data([series('achieved', [1, 1500])]));
    same([view.find('.stat-value') === node, node.textContent, node.style.color], [true, '1.50K req/s', 'rgb(242, 73, 92)']);
    view.end();
  },
  'a table sorts by click and filters by text': async () => {
    const model = { type: 'table', fieldConfig: { defaults: { custom: { filterable: true } }, overrides: [{ matcher: { id: 'byName', options: 'rss' }, properties: [{ id: 'unit', value: 'bytes' }] }] } };
    const view = await shown(model, [table({ worker: ['w1', 'w2', 'w3'], rss: [2048, 1024, 4096] })]);
    const cells = () => [...view.body.querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    view.body.querySelectorAll('.table-sort')[1].click();
    same([cells(), view.body.querySelectorAll('th')[1].getAttribute('aria-sort')], [[['w2', '1 KiB'], ['w1', '2 KiB'], ['w3', '4 KiB']], 'ascending']);
    const input = view.find('.table-filter');
    input.value = '3';
    input.dispatchEvent(new Event('input'));
    same(cells(), [['w3', '4 KiB']]);
    view.end();
  },
  'a table of many rows draws some of them and says so': async () => {
    const view = await shown({ type: 'table' }, [table({ number: Array.from({ length: 5000 }, (_, at) => at) })]);
    same([view.body.querySelectorAll('tbody tr').length, view.texts('.table-note')], [2000, ['The first 2000 of 5000 rows']]);
    view.end();
  },
  'a state timeline draws states in their colours and names them': async () => {
    const mappings = [{ type: 'value', options: { 0: { text: 'idle', color: 'green' }, 1: { text: 'busy', color: 'orange' } } }];
    const view = await shown({ type: 'state-timeline', fieldConfig: { defaults: { mappings, custom: { fillOpacity: 100 } } }, options: {} }, [series('worker 1', wave(0).map((_, at) => Math.floor(at / 20) % 2))]);
    holds(pixels(view, GREEN) > 5000 && pixels(view, '#FF9830') > 5000, 'bars of both states');
    same(view.texts('.legend-text'), ['busy', 'idle']);
    view.end();
  },
  'a heatmap counts and colours, and its tooltip says the count': async () => {
    const view = await shown({ type: 'heatmap', options: { calculate: true, yAxis: { unit: 'ms' }, calculation: { xBuckets: { mode: 'size', value: '30s' }, yBuckets: { mode: 'size', value: '10' } } } }, [series('latency', wave(5))]);
    same(view.texts('.heat-scale span'), ['30', '30']);
    point(view, 'mouseenter', 0.2, 0.5);
    point(view, 'mousemove', 0.2, 0.5);
    await until(tooltip, 'a tooltip is shown');
    same([...tooltip().querySelectorAll('.tooltip-row')].map((row) => [...row.children].slice(1).map((node) => node.textContent)), [['Values', '0 ms – 10 ms'], ['Count', '30']]);
    view.end();
  },
  'gauges and bar gauges write their values': async () => {
    const model = (type) => ({ type, fieldConfig: { defaults: { unit: 'percent', min: 0, max: 100 } }, options: { orientation: 'horizontal' } });
    const gauge = await shown(model('gauge'), [series('cpu', [50])]);
    same(gauge.texts('.gauge-value'), ['50%']);
    gauge.end();
    const bars = await shown(model('bargauge'), [series('a', [25]), series('b', [75])]);
    same([bars.texts('.bar-name'), bars.texts('.bar-value'), [...bars.body.querySelectorAll('.bar-filled')].map((node) => node.style.width)], [['a', 'b'], ['25%', '75%'], ['25%', '75%']]);
    bars.end();
  },
  'the markup of Markdown becomes elements, and other markup text': () => {
    const made = document.createElement('div');
    made.append(...markdown('# Title\nText with **bold *both*** and `<b>`, <img src=x onerror=alert(1)>\n\n- one\n  - deep\n- two\n\n1. first\n\n[good](https://example.org) [bad](javascript:alert(1))\n\n```\n<i>code</i>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |'));
    same(made.innerHTML, '<h1>Title</h1><p>Text with <strong>bold <em>both</em></strong> and <code>&lt;b&gt;</code>, &lt;img src=x onerror=alert(1)&gt;</p><ul><li>one<ul><li>deep</li></ul></li><li>two</li></ul><ol><li>first</li></ol><p><a href="https://example.org/" target="_blank" rel="noopener noreferrer">good</a> [bad](javascript:alert(1))</p><pre><code>&lt;i&gt;code&lt;/i&gt;</code></pre><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>');
  },
  'HTML of text panels keeps text and loses what could run': () => {
    const made = document.createElement('div');
    made.append(...html('<h2 onclick="x()">Hi <b style="color:red">there</b></h2><script>x()</script><img src=x onerror=x()><a href="javascript:x()">no</a><a href="/d/y">yes</a><form><input></form><svg><script>x()</script></svg>'));
    same(made.innerHTML, `<h2>Hi <b>there</b></h2><a>no</a><a href="${location.origin}/d/y" target="_blank" rel="noopener noreferrer">yes</a>`);
  },
};
