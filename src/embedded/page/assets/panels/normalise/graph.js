// The `graph` panel of Grafana 7 and before as a `timeseries` panel.

import { legendOptions, tooltipOptions } from './legend.js';

const number = (value) =>
  value === null || value === undefined || value === '' || Number.isNaN(Number(value)) ? undefined : Number(value);

/** Without what is undefined, so that defaults behind it hold. */
const defined = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const matcherOf = (alias) =>
  /^\/.*\/[a-z]*$/.test(alias) ? { id: 'byRegexp', options: alias } : { id: 'byName', options: alias };

const properties = (object) => Object.entries(defined(object)).map(([id, value]) => ({ id, value }));

function scaleOf({ logBase = 1 } = {}) {
  return logBase > 1 ? { type: 'log', log: logBase === 10 ? 10 : 2 } : { type: 'linear' };
}

function drawStyle({ lines = true, bars = false, points = false }) {
  if (bars && !lines) return 'bars';
  return points && !lines ? 'points' : 'line';
}

const DASH = ({ dashLength = 10, spaceLength = 10 }) => ({ fill: 'dash', dash: [dashLength, spaceLength] });

function stacking({ stack, percentage }) {
  return { mode: stack ? (percentage ? 'percent' : 'normal') : 'none', group: 'A' };
}

function spanning(mode) {
  return { spanNulls: mode === 'connected', nullAsZero: mode === 'null as zero' };
}

function customOf(panel, axis) {
  const style = drawStyle(panel);
  return defined({
    drawStyle: style,
    lineWidth: style === 'bars' ? 0 : (panel.linewidth ?? 1),
    fillOpacity: style === 'bars' ? 100 : (panel.fill ?? 1) * 10,
    gradientMode: panel.fillGradient > 0 ? 'opacity' : 'none',
    lineInterpolation: panel.steppedLine ? 'stepAfter' : 'linear',
    lineStyle: panel.dashes ? DASH(panel) : undefined,
    showPoints: panel.points ? 'always' : 'never',
    pointSize: (panel.pointradius ?? 2) * 2,
    stacking: stacking(panel),
    axisLabel: axis?.label ?? undefined,
    axisPlacement: axis?.show === false ? 'hidden' : 'auto',
    scaleDistribution: scaleOf(axis),
    ...spanning(panel.nullPointMode),
  });
}

function rightAxis(axis = {}) {
  return {
    unit: axis.format,
    min: number(axis.min),
    max: number(axis.max),
    decimals: number(axis.decimals),
    'custom.axisPlacement': axis.show === false ? 'hidden' : 'right',
    'custom.axisLabel': axis.label ?? '',
    'custom.scaleDistribution': scaleOf(axis),
    // Thresholds are in the unit of the left axis
    'custom.thresholdsStyle': { mode: 'off' },
  };
}

function stackOf(stack, panel) {
  if (stack === undefined) return undefined;
  if (stack === false) return { mode: 'none', group: 'A' };
  return { mode: panel.percentage ? 'percent' : 'normal', group: stack === true ? 'A' : String(stack) };
}

const styleOf = (one, panel) =>
  one.lines === undefined && one.bars === undefined && one.points === undefined
    ? undefined
    : drawStyle({ lines: panel.lines, ...one });

function seriesOverride(one, panel) {
  const hidden = { legend: one.legend === false, tooltip: Boolean(one.hideTooltip), viz: Boolean(one.hiddenSeries) };
  const style = styleOf(one, panel);
  return {
    matcher: matcherOf(one.alias),
    properties: properties({
      ...(one.yaxis === 2 ? rightAxis(panel.yaxes?.[1]) : {}),
      color: one.color ? { mode: 'fixed', fixedColor: one.color } : undefined,
      'custom.drawStyle': style,
      'custom.fillOpacity': one.fill !== undefined ? one.fill * 10 : style === 'bars' ? 100 : undefined,
      'custom.lineWidth': one.linewidth,
      'custom.lineInterpolation': one.steppedLine === undefined ? undefined : one.steppedLine ? 'stepAfter' : 'linear',
      'custom.lineStyle': one.dashes ? DASH({ ...panel, ...one }) : undefined,
      'custom.showPoints': one.points === undefined ? undefined : one.points ? 'always' : 'never',
      'custom.pointSize': one.pointradius === undefined ? undefined : one.pointradius * 2,
      'custom.stacking': stackOf(one.stack, panel),
      'custom.transform': one.transform === 'negative-Y' ? 'negative-Y' : undefined,
      'custom.fillBelowTo': one.fillBelowTo,
      'custom.spanNulls': one.nullPointMode === undefined ? undefined : spanning(one.nullPointMode).spanNulls,
      'custom.nullAsZero': one.nullPointMode === undefined ? undefined : spanning(one.nullPointMode).nullAsZero,
      'custom.hideFrom': Object.values(hidden).some(Boolean) ? hidden : undefined,
    }),
  };
}

const NAMED = { critical: 'red', warning: 'orange', ok: 'green' };

/** Lines and areas at fixed values; `lt` colours what is below. */
function thresholdsOf(list = []) {
  const known = list.filter(({ value, yaxis }) => number(value) !== undefined && yaxis !== 'right');
  if (known.length === 0) return {};
  const colourOf = (one) => NAMED[one.colorMode] ?? one.lineColor ?? one.fillColor ?? 'red';
  const sorted = known.toSorted((one, other) => number(one.value) - number(other.value));
  const steps = [{ value: null, color: sorted[0].op === 'lt' ? colourOf(sorted[0]) : 'transparent' }];
  sorted.forEach((one, at) => {
    const next = sorted[at + 1];
    const color = one.op === 'lt' ? (next?.op === 'lt' ? colourOf(next) : 'transparent') : colourOf(one);
    steps.push({ value: number(one.value), color });
  });
  const [line, area] = [known.some((one) => one.line !== false), known.some((one) => one.fill !== false)];
  return {
    thresholds: { mode: 'absolute', steps },
    style: [line && 'line', area && 'area'].filter(Boolean).join('+') || 'off',
  };
}

/** `xaxis.mode` `series` shows one value a series, which is a bar gauge today. */
function oneValueEach(panel, defaults) {
  return {
    ...panel,
    type: 'bargauge',
    fieldConfig: { defaults: { ...defaults, color: { mode: 'palette-classic' } }, overrides: [] },
    options: {
      orientation: 'vertical',
      displayMode: 'basic',
      reduceOptions: { calcs: panel.xaxis.values?.slice(0, 1) ?? ['sum'] },
    },
  };
}

export function fromGraph(panel) {
  const [left = {}] = panel.yaxes ?? [];
  const { thresholds, style } = thresholdsOf(panel.thresholds);
  const defaults = defined({
    ...panel.fieldConfig?.defaults,
    unit: left.format ?? panel.fieldConfig?.defaults?.unit,
    min: number(left.min),
    max: number(left.max),
    decimals: number(panel.decimals) ?? number(left.decimals),
    color: { mode: 'palette-classic' },
    thresholds,
  });
  if (panel.xaxis?.mode === 'series') return oneValueEach(panel, defaults);
  const custom = { ...customOf(panel, left), ...(style && { thresholdsStyle: { mode: style } }) };
  const colours = Object.entries(panel.aliasColors ?? {}).map(([name, fixedColor]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  }));
  return {
    ...panel,
    type: panel.xaxis?.mode === 'histogram' ? 'histogram' : 'timeseries',
    fieldConfig: {
      defaults: { ...defaults, custom },
      overrides: [
        ...(panel.fieldConfig?.overrides ?? []),
        ...colours,
        ...(panel.seriesOverrides ?? []).filter(({ alias }) => alias).map((one) => seriesOverride(one, panel)),
      ],
    },
    options: { legend: legendOptions(panel.legend), tooltip: tooltipOptions(panel.tooltip) },
  };
}
