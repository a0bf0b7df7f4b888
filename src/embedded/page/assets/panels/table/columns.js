// How the columns of a table look: alignment, width and colour of their cells, from the fields' configuration.

import { readableOn, translucent } from '../model/colours.js';

const KINDS = {
  'color-text': 'text',
  'color-background': 'background',
  'color-background-solid': 'background',
  'gradient-gauge': 'gauge',
  'lcd-gauge': 'gauge',
  basic: 'gauge',
  gauge: 'gauge',
};

const kindOf = ({ cellOptions, displayMode }) => KINDS[cellOptions?.type ?? displayMode] ?? 'plain';

const alignment = (custom, type) =>
  custom.align && custom.align !== 'auto' ? custom.align : type === 'number' ? 'right' : 'left';

/** [{ title, type, values, display, align, width, kind, filterable, extent }] of the fields that are not hidden. */
export function columnsOf(frame) {
  const shown = (frame?.fields ?? []).filter(({ config }) => !config.custom?.hidden && !config.custom?.hideFrom?.viz);
  return shown.map((field) => {
    const custom = field.config.custom ?? {};
    return {
      ...field,
      align: alignment(custom, field.type),
      width: custom.width > 0 ? custom.width : null,
      kind: kindOf(custom),
      filterable: Boolean(custom.filterable),
      extent: extentOf(field),
    };
  });
}

function extentOf({ config, values, type }) {
  if (type !== 'number') return { min: 0, max: 0 };
  const numbers = values.filter((value) => typeof value === 'number');
  const least = numbers.reduce((low, value) => Math.min(low, value), 0);
  const most = numbers.reduce((high, value) => Math.max(high, value), -Infinity);
  return { min: config.min ?? least, max: config.max ?? most };
}

/** The cell's style: { color, background }; empty texts where the page's own hold. */
export function cellStyle({ kind, extent }, value, display) {
  // Thresholds say nothing about text
  if (typeof value === 'string' && !display.painted) return { color: '', background: '' };
  if (kind === 'text') return { color: display.colour, background: '' };
  if (kind === 'background') return { color: readableOn(display.colour), background: display.colour };
  if (kind === 'gauge' && typeof value === 'number' && extent.max > extent.min) {
    const share = Math.min(1, Math.max(0, (value - extent.min) / (extent.max - extent.min)));
    const filled = translucent(display.colour, 0.45);
    return {
      color: '',
      background: `linear-gradient(to right, ${filled} ${share * 100}%, transparent ${share * 100}%)`,
    };
  }
  return { color: '', background: '' };
}
