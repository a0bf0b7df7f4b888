// Panels of older dashboards in today's form.

import { panelKind, whyNot } from '/panels/index.js';
import { normalise } from '/panels/normalise.js';
import { same } from './check.js';

/** A `graph` panel as Grafana 7 writes it. */
const GRAPH = {
  id: 4,
  type: 'graph',
  title: 'Worker requests',
  aliasColors: { busy: '#E24D42' },
  bars: false,
  dashes: false,
  fill: 3,
  fillGradient: 0,
  legend: {
    show: true,
    values: true,
    min: false,
    max: true,
    avg: true,
    current: true,
    total: false,
    alignAsTable: true,
    rightSide: true,
    sort: 'max',
    sortDesc: true,
  },
  lines: true,
  linewidth: 2,
  nullPointMode: 'connected',
  percentage: false,
  pointradius: 2,
  points: false,
  seriesOverrides: [{ alias: '/rt$/', yaxis: 2, fill: 0, stack: false, dashes: true }],
  stack: true,
  steppedLine: true,
  thresholds: [{ value: 80, op: 'gt', colorMode: 'critical', fill: true, line: true }],
  tooltip: { shared: true, sort: 2, value_type: 'individual' },
  xaxis: { mode: 'time', show: true },
  yaxes: [
    { format: 'reqps', label: 'rate', logBase: 1, max: null, min: '0', show: true },
    { format: 'µs', label: null, logBase: 10, max: null, min: null, show: true },
  ],
};

const override = (panel, matcher) =>
  Object.fromEntries(
    panel.fieldConfig.overrides
      .find(({ matcher: one }) => one.options === matcher)
      .properties.map(({ id, value }) => [id, value]),
  );

const SINGLESTAT = {
  type: 'singlestat',
  format: 'ms',
  decimals: 1,
  valueName: 'current',
  colorValue: true,
  colors: ['green', 'orange', 'red'],
  thresholds: '50, 80',
  nullText: 'none',
  postfix: ' left',
  sparkline: { show: true },
  gauge: { show: false },
  mappingType: 1,
  valueMaps: [
    { op: '=', text: 'N/A', value: 'null' },
    { op: '=', text: 'idle', value: '0' },
  ],
};

export const tests = {
  'an old graph is a time series with the same look': () => {
    const panel = normalise(GRAPH);
    same([panel.type, panel.id, panel.title], ['timeseries', 4, 'Worker requests']);
    same(panel.fieldConfig.defaults, {
      unit: 'reqps',
      min: 0,
      color: { mode: 'palette-classic' },
      thresholds: {
        mode: 'absolute',
        steps: [
          { value: null, color: 'transparent' },
          { value: 80, color: 'red' },
        ],
      },
      custom: {
        drawStyle: 'line',
        lineWidth: 2,
        fillOpacity: 30,
        gradientMode: 'none',
        lineInterpolation: 'stepAfter',
        showPoints: 'never',
        pointSize: 4,
        stacking: { mode: 'normal', group: 'A' },
        axisLabel: 'rate',
        axisPlacement: 'auto',
        scaleDistribution: { type: 'linear' },
        spanNulls: true,
        nullAsZero: false,
        thresholdsStyle: { mode: 'line+area' },
      },
    });
    same(panel.options, {
      legend: {
        showLegend: true,
        displayMode: 'table',
        placement: 'right',
        calcs: ['max', 'mean', 'lastNotNull'],
        sortBy: 'Max',
        sortDesc: true,
      },
      tooltip: { mode: 'multi', sort: 'desc' },
    });
  },
  'colours and overrides of an old graph are overrides': () => {
    const panel = normalise(GRAPH);
    same(override(panel, 'busy'), { color: { mode: 'fixed', fixedColor: '#E24D42' } });
    same(override(panel, '/rt$/'), {
      unit: 'µs',
      'custom.axisPlacement': 'right',
      'custom.axisLabel': '',
      'custom.scaleDistribution': { type: 'log', log: 10 },
      'custom.thresholdsStyle': { mode: 'off' },
      'custom.fillOpacity': 0,
      'custom.lineStyle': { fill: 'dash', dash: [10, 10] },
      'custom.stacking': { mode: 'none', group: 'A' },
    });
  },
  'bars, points, shares and zeros of old graphs': () => {
    const custom = (more) => normalise({ type: 'graph', ...more }).fieldConfig.defaults.custom;
    same(
      [
        custom({ lines: false, bars: true }).drawStyle,
        custom({ lines: false, points: true }).drawStyle,
        custom({ stack: true, percentage: true }).stacking.mode,
      ],
      ['bars', 'points', 'percent'],
    );
    same(
      [custom({ nullPointMode: 'null as zero' }).nullAsZero, custom({ nullPointMode: 'null' }).spanNulls],
      [true, false],
    );
  },
  'one value a series is a bar gauge, and a histogram has no picture': () => {
    same(normalise({ type: 'graph', xaxis: { mode: 'series', values: ['total'] } }).type, 'bargauge');
    const histogram = normalise({ type: 'graph', xaxis: { mode: 'histogram' } });
    same([panelKind(histogram), whyNot(histogram)], [null, 'This page cannot draw panels of the type “histogram”.']);
  },
  'a singlestat is a stat, with its maps, thresholds and texts': () => {
    const { type, fieldConfig, options } = normalise(SINGLESTAT);
    same(
      [type, fieldConfig.defaults.unit, fieldConfig.defaults.noValue, fieldConfig.defaults.thresholds.steps],
      [
        'stat',
        'ms',
        'none',
        [
          { color: 'green', value: null },
          { color: 'orange', value: 50 },
          { color: 'red', value: 80 },
        ],
      ],
    );
    same(fieldConfig.defaults.mappings, [
      { type: 'special', options: { match: 'null', result: { text: 'N/A', color: undefined, index: 0 } } },
      { type: 'value', options: { 0: { text: 'idle', color: undefined, index: 1 } } },
    ]);
    same(
      [options.reduceOptions.calcs, options.colorMode, options.graphMode, options.postfix],
      [['lastNotNull'], 'value', 'area', ' left'],
    );
  },
  'a singlestat with a gauge is a gauge': () => {
    const { type, fieldConfig } = normalise({ ...SINGLESTAT, gauge: { show: true, minValue: 0, maxValue: 200 } });
    same([type, fieldConfig.defaults.min, fieldConfig.defaults.max], ['gauge', 0, 200]);
  },
  'an old table keeps its styles and what it did with the data': () => {
    const panel = normalise({
      type: 'table',
      transform: 'timeseries_aggregations',
      columns: [{ text: 'Avg', value: 'avg' }],
      styles: [
        { pattern: 'Time', type: 'date' },
        { pattern: 'secret', type: 'hidden' },
        {
          pattern: '/.*/',
          type: 'number',
          unit: 'ms',
          decimals: 2,
          colorMode: 'cell',
          colors: ['green', 'red'],
          thresholds: ['50'],
        },
      ],
    });
    same([panel.type, panel.transformations], ['table', [{ id: 'reduce', options: { reducers: ['mean'] } }]]);
    same(
      panel.fieldConfig.overrides.map(({ matcher }) => matcher.options),
      ['/.*/', 'secret', 'Time'],
    );
    same(override(panel, '/.*/'), {
      unit: 'ms',
      decimals: 2,
      'custom.cellOptions': { type: 'color-background' },
      color: { mode: 'thresholds' },
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 50 },
        ],
      },
    });
  },
  'an old heatmap keeps its axis and colours': () => {
    const { options } = normalise({
      type: 'heatmap',
      dataFormat: 'timeseries',
      yAxis: { format: 'ms', logBase: 2 },
      yBucketNumber: 10,
      color: { mode: 'spectrum', colorScheme: 'interpolateBlues' },
    });
    same(
      [options.calculate, options.yAxis.unit, options.color.scheme, options.calculation.yBuckets],
      [true, 'ms', 'Blues', { mode: 'count', value: '10', scale: { type: 'log', log: 2 } }],
    );
  },
  'old text panels and field options of Grafana 6': () => {
    same(normalise({ type: 'text', mode: 'html', content: 'x' }).options, { content: 'x', mode: 'html' });
    const { options, fieldConfig } = normalise({
      type: 'gauge',
      options: {
        showThresholdLabels: true,
        fieldOptions: {
          calcs: ['mean'],
          values: false,
          defaults: { title: 'CPU', unit: 'percent' },
          thresholds: [
            { value: -Infinity, color: 'green' },
            { value: 5, color: 'red' },
          ],
        },
      },
    });
    same(options.reduceOptions.calcs, ['mean']);
    same(fieldConfig.defaults, {
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 5 },
        ],
      },
      unit: 'percent',
      displayName: 'CPU',
    });
  },
  'mappings by number become mappings by name': () => {
    const mappings = [
      { id: 1, type: 1, value: '1', text: 'up' },
      { id: 2, type: 2, from: '3', to: '5', text: 'some' },
    ];
    same(
      normalise({ type: 'stat', fieldConfig: { defaults: { mappings } } }).fieldConfig.defaults.mappings.map(
        ({ type }) => type,
      ),
      ['value', 'range'],
    );
  },
  'a panel of today stays what it is, and the given one is not touched': () => {
    const before = JSON.stringify(GRAPH);
    normalise(GRAPH);
    same(JSON.stringify(GRAPH), before);
    const panel = {
      type: 'timeseries',
      fieldConfig: { defaults: { unit: 's' }, overrides: [] },
      options: { tooltip: { mode: 'single' } },
    };
    same(normalise(panel), panel);
  },
  'a panel without a drawing says why': () => {
    same(
      [
        'timeseries',
        'stat',
        'table',
        'text',
        'heatmap',
        'state-timeline',
        'status-history',
        'gauge',
        'bargauge',
      ].filter((type) => panelKind({ type }) === null),
      [],
    );
    same(
      whyNot({ type: 'geomap' }),
      'This page cannot draw panels of the type “geomap”. It needs maps from the internet.',
    );
    same([panelKind({ type: 'constructor' }), panelKind({})], [null, null]);
  },
};
