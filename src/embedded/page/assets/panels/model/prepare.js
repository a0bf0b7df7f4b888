// From a panel and its data to fields that are ready to be drawn: transformed, configured, named, with their display.

import { transform } from '../../transformations.js';
import { colourer, displayer } from './display.js';
import { configurator } from './overrides.js';
import { givenName, ownName } from './names.js';

function extent(frames) {
  let min = Infinity;
  let max = -Infinity;
  for (const { fields } of frames) {
    for (const { type, values } of fields) {
      if (type !== 'number') continue;
      for (const value of values) {
        if (value === null || value === undefined) continue;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
  }
  return { min, max };
}

/** Computed when first asked for: only relative thresholds and gradients need it. */
function lazyExtent(frames) {
  let found;
  return () => (found ??= extent(frames));
}

/**
 * `frames` whose fields have `config` (whole), `title`, `place` in the palette, `colour(value)`, `display(value, decimals)`; and
 * `problem`, the text for the reader when a transformation is unknown.
 */
export function prepare(panel, data, context, { fallback = 'palette-classic' } = {}) {
  const { frames, problem } = transform(data.frames ?? [], panel.transformations);
  const configure = configurator(panel.fieldConfig);
  const around = lazyExtent(frames);
  let place = 0;
  const prepared = frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const config = configure(frame, field);
      const title = config.displayName
        ? ownName(config.displayName, frame, field, context.interpolate)
        : givenName(frame, field);
      const own = field.type === 'time' ? place : place++;
      const options = { theme: context.theme, timeZone: context.timeZone, place: own, name: title, around, fallback };
      const unit = field.type === 'time' && !config.unit ? { ...config, unit: 'dateTimeAsIso' } : config;
      const colour = colourer(config, options);
      return { ...field, config, title, place: own, colour, display: displayer(unit, colour, options) };
    }),
  }));
  return { frames: prepared, problem };
}
