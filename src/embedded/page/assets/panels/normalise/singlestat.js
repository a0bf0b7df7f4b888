// The `singlestat` panel of Grafana 7 and before as a `stat` or `gauge` panel.

import { oldMaps, textThresholds } from './mappings.js';

const CALCULATIONS = {
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
  name: 'lastNotNull',
  last_time: 'lastNotNull',
};

const colourMode = ({ colorBackground, colorValue }) =>
  colorBackground ? 'background' : colorValue ? 'value' : 'none';

export function fromSinglestat(panel) {
  const { gauge = {}, sparkline = {}, valueName = 'avg' } = panel;
  const number = (value) => (value === null || value === undefined || value === '' ? undefined : Number(value));
  const limits = gauge.show
    ? { min: number(gauge.minValue) ?? 0, max: number(gauge.maxValue) ?? 100 }
    : { min: number(sparkline.ymin), max: number(sparkline.ymax) };
  return {
    ...panel,
    type: gauge.show ? 'gauge' : 'stat',
    fieldConfig: {
      defaults: {
        ...panel.fieldConfig?.defaults,
        unit: panel.format,
        decimals: number(panel.decimals),
        ...limits,
        color: { mode: 'thresholds' },
        thresholds: textThresholds(panel.thresholds, panel.colors),
        mappings: oldMaps(panel),
        noValue: panel.nullText || undefined,
      },
      overrides: panel.fieldConfig?.overrides ?? [],
    },
    options: {
      reduceOptions: { calcs: [CALCULATIONS[valueName] ?? valueName], fields: '', values: false },
      textMode: valueName === 'name' ? 'name' : 'auto',
      colorMode: colourMode(panel),
      graphMode: sparkline.show ? 'area' : 'none',
      orientation: 'horizontal',
      showThresholdMarkers: gauge.thresholdMarkers !== false,
      prefix: panel.prefix ?? '',
      postfix: panel.postfix ?? '',
    },
  };
}
