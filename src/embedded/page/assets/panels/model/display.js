// How one value of a field is shown: its text, and its colour by mapping, threshold, gradient or place in the palette.

import { formatParts, joinParts } from '../../units.js';
import { colour, gradient, nameColour, paletteColour } from './colours.js';
import { mapper } from './mappings.js';
import { reached, steps } from './thresholds.js';

/** The value range that percentages and gradients refer to; `around` is { min, max } of the data. */
export function valueRange(config, around) {
  const min = config.min ?? around.min;
  const max = config.max ?? around.max;
  return Number.isFinite(min) && Number.isFinite(max) ? { min, max } : { min: 0, max: 100 };
}

/** A function of a number to a colour. `place` is the field's place among those shown. */
export function colourer(config, { theme, place = 0, name = '', around, fallback = 'palette-classic' }) {
  const mode = config.color?.mode ?? fallback;
  if (mode === 'fixed' || mode === 'shades') {
    const fixed = colour(config.color.fixedColor ?? 'text', theme);
    return () => fixed;
  }
  const blend = gradient(mode, theme);
  if (blend) {
    const { min, max } = valueRange(config, around());
    return (value) => blend(max > min ? (value - min) / (max - min) : 0);
  }
  if (mode === 'thresholds') {
    const relative = config.thresholds?.mode === 'percentage';
    const list = steps(config, relative ? valueRange(config, around()) : undefined);
    return (value) => colour(reached(list, value)?.color ?? 'green', theme);
  }
  const own = mode === 'palette-classic-by-name' ? nameColour(name, theme) : paletteColour(place, theme);
  return () => own;
}

/**
 * A function of a value to { text, prefix, suffix, whole, colour, mapped, painted }, of which the last two tell that text and
 * colour are a mapping's. `colourOf` is for values without one.
 */
export function displayer(config, colourOf, { theme, timeZone }) {
  const map = mapper(config.mappings);
  return (value, decimals = config.decimals) => {
    const mapped = map(value);
    const missing = value === null || value === undefined || Number.isNaN(value);
    const parts = mapped?.text
      ? { text: mapped.text }
      : missing
        ? { text: config.noValue ?? '' }
        : formatParts(value, config.unit, decimals, timeZone);
    const number = typeof value === 'boolean' ? Number(value) : Number.parseFloat(value);
    return {
      ...parts,
      whole: joinParts(parts),
      mapped: Boolean(mapped?.text),
      painted: Boolean(mapped?.color),
      colour: mapped?.color ? colour(mapped.color, theme) : colourOf(number),
    };
  };
}
