// The colours and the font of what is drawn on canvases; those of the page around them are in its style sheet.

import { colour, isLight } from '../model/colours.js';

const DARK = {
  text: '#ccccdc',
  faint: 'rgba(204, 204, 220, 0.65)',
  grid: 'rgba(240, 250, 255, 0.09)',
  edge: 'rgba(204, 204, 220, 0.3)',
};
const LIGHT = {
  text: '#24292e',
  faint: 'rgba(36, 41, 46, 0.75)',
  grid: 'rgba(0, 10, 23, 0.09)',
  edge: 'rgba(36, 41, 46, 0.35)',
};

export const FAMILY = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
export const FONT = `12px ${FAMILY}`;

/** A theme's own colours go before these. */
export function ink(theme) {
  const base = isLight(theme) ? LIGHT : DARK;
  const own = theme?.colors ?? {};
  return {
    text: own.text ?? base.text,
    faint: own.weak ?? base.faint,
    grid: own.grid ?? base.grid,
    edge: own.border ?? base.edge,
    panel: colour('panel-bg', theme),
  };
}

let canvas;

/** The width of `text` in CSS pixels. */
export function textWidth(text, font = FONT) {
  canvas ??= document.createElement('canvas').getContext('2d');
  canvas.font = font;
  return canvas.measureText(text).width;
}
