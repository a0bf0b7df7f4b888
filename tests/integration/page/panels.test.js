// Panels other than charts of lines: what they draw and write, and what a click does.

import { html } from '/panels/text/html.js';
import { markdown } from '/panels/text/markdown.js';
import { holds, same, until } from './check.js';
import { data, series, table } from './frames.js';
import { pixels, point, shown, tooltip } from './stage.js';

const GREEN = '#73BF69';
const wave = (height) => Array.from({ length: 60 }, (_, at) => height + Math.sin(at / 5));

export const tests = {
  'a stat writes value, unit and name, and keeps its nodes': async () => {
    const model = {
      type: 'stat',
      fieldConfig: {
        defaults: {
          unit: 'reqps',
          thresholds: {
            steps: [
              { color: 'green', value: null },
              { color: 'red', value: 1000 },
            ],
          },
        },
      },
      options: { textMode: 'value_and_name' },
    };
    const view = await shown(model, [series('achieved', [1, 500])]);
    const node = view.find('.stat-value');
    same(
      [view.texts('.stat-name'), node.textContent, node.style.color],
      [['achieved'], '500 req/s', 'rgb(115, 191, 105)'],
    );
    view.mounted.update(data([series('achieved', [1, 1500])]));
    same(
      [view.find('.stat-value') === node, node.textContent, node.style.color],
      [true, '1.50K req/s', 'rgb(242, 73, 92)'],
    );
    view.end();
  },
  'a table sorts by click and filters by text': async () => {
    const model = {
      type: 'table',
      fieldConfig: {
        defaults: { custom: { filterable: true } },
        overrides: [{ matcher: { id: 'byName', options: 'rss' }, properties: [{ id: 'unit', value: 'bytes' }] }],
      },
    };
    const view = await shown(model, [table({ worker: ['w1', 'w2', 'w3'], rss: [2048, 1024, 4096] })]);
    const cells = () =>
      [...view.body.querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    view.body.querySelectorAll('.table-sort')[1].click();
    same(
      [cells(), view.body.querySelectorAll('th')[1].getAttribute('aria-sort')],
      [
        [
          ['w2', '1 KiB'],
          ['w1', '2 KiB'],
          ['w3', '4 KiB'],
        ],
        'ascending',
      ],
    );
    const input = view.find('.table-filter');
    input.value = '3';
    input.dispatchEvent(new Event('input'));
    same(cells(), [['w3', '4 KiB']]);
    view.end();
  },
  'a table of many rows draws some of them and says so': async () => {
    const view = await shown({ type: 'table' }, [table({ number: Array.from({ length: 5000 }, (_, at) => at) })]);
    same(
      [view.body.querySelectorAll('tbody tr').length, view.texts('.table-note')],
      [2000, ['The first 2000 of 5000 rows']],
    );
    view.end();
  },
  'a state timeline draws states in their colours and names them': async () => {
    const mappings = [
      { type: 'value', options: { 0: { text: 'idle', color: 'green' }, 1: { text: 'busy', color: 'orange' } } },
    ];
    const view = await shown(
      { type: 'state-timeline', fieldConfig: { defaults: { mappings, custom: { fillOpacity: 100 } } }, options: {} },
      [
        series(
          'worker 1',
          wave(0).map((_, at) => Math.floor(at / 20) % 2),
        ),
      ],
    );
    holds(pixels(view, GREEN) > 5000 && pixels(view, '#FF9830') > 5000, 'bars of both states');
    same(view.texts('.legend-text'), ['busy', 'idle']);
    view.end();
  },
  'a heatmap counts and colours, and its tooltip says the count': async () => {
    const view = await shown(
      {
        type: 'heatmap',
        options: {
          calculate: true,
          yAxis: { unit: 'ms' },
          calculation: { xBuckets: { mode: 'size', value: '30s' }, yBuckets: { mode: 'size', value: '10' } },
        },
      },
      [series('latency', wave(5))],
    );
    same(view.texts('.heat-scale span'), ['30', '30']);
    point(view, 'mouseenter', 0.2, 0.5);
    point(view, 'mousemove', 0.2, 0.5);
    await until(tooltip, 'a tooltip is shown');
    same(
      [...tooltip().querySelectorAll('.tooltip-row')].map((row) =>
        [...row.children].slice(1).map((node) => node.textContent),
      ),
      [
        ['Values', '0 ms – 10 ms'],
        ['Count', '30'],
      ],
    );
    view.end();
  },
  'gauges and bar gauges write their values': async () => {
    const model = (type) => ({
      type,
      fieldConfig: { defaults: { unit: 'percent', min: 0, max: 100 } },
      options: { orientation: 'horizontal' },
    });
    const gauge = await shown(model('gauge'), [series('cpu', [50])]);
    same(gauge.texts('.gauge-value'), ['50%']);
    gauge.end();
    const bars = await shown(model('bargauge'), [series('a', [25]), series('b', [75])]);
    same(
      [
        bars.texts('.bar-name'),
        bars.texts('.bar-value'),
        [...bars.body.querySelectorAll('.bar-filled')].map((node) => node.style.width),
      ],
      [
        ['a', 'b'],
        ['25%', '75%'],
        ['25%', '75%'],
      ],
    );
    bars.end();
  },
  'the markup of Markdown becomes elements, and other markup text': () => {
    const made = document.createElement('div');
    made.append(
      ...markdown(
        '# Title\nText with **bold *both*** and `<b>`, <img src=x onerror=alert(1)>\n\n- one\n  - deep\n- two\n\n1. first\n\n[good](https://example.org) [bad](javascript:alert(1))\n\n```\n<i>code</i>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |',
      ),
    );
    same(
      made.innerHTML,
      '<h1>Title</h1><p>Text with <strong>bold <em>both</em></strong> and <code>&lt;b&gt;</code>, &lt;img src=x onerror=alert(1)&gt;</p><ul><li>one<ul><li>deep</li></ul></li><li>two</li></ul><ol><li>first</li></ol><p><a href="https://example.org/" target="_blank" rel="noopener noreferrer">good</a> [bad](javascript:alert(1))</p><pre><code>&lt;i&gt;code&lt;/i&gt;</code></pre><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
    );
  },
  'HTML of text panels keeps text and loses what could run': () => {
    const made = document.createElement('div');
    made.append(
      ...html(
        '<h2 onclick="x()">Hi <b style="color:red">there</b></h2><script>x()</script><img src=x onerror=x()><a href="javascript:x()">no</a><a href="/d/y">yes</a><form><input></form><svg><script>x()</script></svg>',
      ),
    );
    same(
      made.innerHTML,
      `<h2>Hi <b>there</b></h2><a>no</a><a href="${location.origin}/d/y" target="_blank" rel="noopener noreferrer">yes</a>`,
    );
  },
};
