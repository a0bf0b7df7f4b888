// Which fields of the prepared frames a chart of time shows, and their values over one list of times.

import { calculate } from '../model/calculations.js';
import { aligned, breakAt, bridged, broken, ordered, spacing } from './align.js';
import { stack } from './stacking.js';

/** Values as the dashboard wants them drawn; most often the field's own. */
function numbers({ type, values }, { nullAsZero, transform }) {
  const changed = type === 'boolean' || nullAsZero || transform === 'negative-Y';
  if (!changed) return values;
  const sign = transform === 'negative-Y' ? -1 : 1;
  return values.map((value) =>
    value === null || value === undefined ? (nullAsZero ? 0 : value) : sign * Number(value),
  );
}

function colourOf(field) {
  const by = { min: 'min', max: 'max' }[field.config.color?.seriesBy] ?? 'lastNotNull';
  return field.colour(calculate(by, field.values));
}

/** [{ name, field, frame, custom, colour, times, values, usual }] in the order of the legend. */
export function collect(frames, intervalMs) {
  const found = [];
  let before = null;
  for (const frame of frames) {
    const time = frame.fields.find(({ type }) => type === 'time');
    if (!time) continue;
    for (const field of frame.fields) {
      if (field.type !== 'number' && field.type !== 'boolean') continue;
      const custom = field.config.custom ?? {};
      if (custom.hideFrom?.viz) continue;
      const own = ordered({ times: time.values, values: numbers(field, custom) });
      const usual = before?.times === own.times ? before.usual : spacing(own.times);
      const bars = custom.drawStyle === 'bars';
      const distance =
        bars || custom.spanNulls === true
          ? Infinity
          : breakAt({ insertNulls: custom.insertNulls, fieldInterval: time.config?.interval, intervalMs, usual });
      const gapped = broken(own, distance);
      const shown = typeof custom.spanNulls === 'number' ? bridged(gapped, custom.spanNulls) : gapped;
      before = { times: own.times, usual };
      found.push({
        name: field.title,
        field,
        frame,
        custom,
        colour: colourOf(field),
        usual: Math.max(usual, intervalMs || 0),
        ...shown,
      });
    }
  }
  return found;
}

/** The stack that a series belongs to, or null. `hidden` ones leave theirs. */
function groupOf({ custom, name }, hidden) {
  const { mode = 'none', group = 'A' } = custom.stacking ?? {};
  if (mode === 'none' || hidden.has(name)) return null;
  return { key: `${group} ${mode} ${custom.drawStyle ?? 'line'}`, percent: mode === 'percent' };
}

/** { times, raw, columns, bases, under }: `raw` are the values as they are, `columns` what is drawn. */
export function arrange(series, hidden) {
  const { times, columns } = aligned(series);
  const stacked = stack(
    columns,
    series.map((one) => groupOf(one, hidden)),
  );
  return { times, raw: columns, ...stacked };
}
