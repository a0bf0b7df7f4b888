// Which series share a vertical axis, and on which side it stands.

import { valueAxis, valueScale } from '../plot/axes.js';

const percent = ({ custom }) => custom.stacking?.mode === 'percent';

function keyOf(series) {
  const { unit = '', min, max } = series.field.config;
  const { axisSoftMin, axisSoftMax, axisPlacement = 'auto', axisLabel = '', scaleDistribution } = series.custom;
  if (percent(series)) return JSON.stringify(['percent', axisPlacement, axisLabel]);
  return JSON.stringify([unit, min, max, axisSoftMin, axisSoftMax, axisPlacement, axisLabel, scaleDistribution]);
}

/** The first `auto` axis is on the left if nothing is there yet, all others on the right. */
function sides(groups) {
  let left = groups.some(({ placement }) => placement === 'left');
  return groups.map(({ placement }) => {
    if (placement === 'right') return true;
    if (placement === 'left') return false;
    const right = left;
    left = true;
    return right;
  });
}

const limit = (value) =>
  value === null || value === undefined || value === '' || !Number.isFinite(Number(value)) ? undefined : Number(value);

/** [{ key, series: [index], placement, right, config }] in the order of their first series. */
export function grouped(series) {
  const groups = new Map();
  series.forEach((one, at) => {
    const key = keyOf(one);
    if (!groups.has(key))
      groups.set(key, { key, series: [], placement: one.custom.axisPlacement ?? 'auto', first: one });
    groups.get(key).series.push(at);
  });
  const list = [...groups.values()];
  const shown = list.filter(({ placement }) => placement !== 'hidden');
  sides(shown).forEach((right, at) => {
    shown[at].right = right;
  });
  return list;
}

/** uPlot's `scales` and the axes for them. */
export function scalesAndAxes(groups, context) {
  const scales = {};
  const axes = [];
  for (const { key, placement, right, first } of groups) {
    const { config } = first.field;
    const { custom } = first;
    const share = percent(first);
    const limits = share
      ? { min: 0, max: 1 }
      : {
          min: limit(config.min),
          max: limit(config.max),
          softMin: limit(custom.axisSoftMin),
          softMax: limit(custom.axisSoftMax),
        };
    scales[key] = valueScale(limits, share ? {} : custom.scaleDistribution);
    if (placement === 'hidden') continue;
    axes.push(
      valueAxis(context, {
        scale: key,
        right,
        label: custom.axisLabel,
        unit: share ? 'percentunit' : config.unit,
        grid: axes.length === 0 && custom.axisGridShow !== false,
        whole: config.decimals === 0 && !share,
        size: custom.axisWidth > 0 ? custom.axisWidth : undefined,
        border: custom.axisBorderShow,
      }),
    );
  }
  return { scales, axes };
}
