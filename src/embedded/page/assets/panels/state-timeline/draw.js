// The bars of a state timeline on uPlot's canvas, and their texts where these fit.

import { readableOn, translucent } from '../model/colours.js';
import { FAMILY } from '../plot/ink.js';

const ALIGN = { left: 0, center: 0.5, right: 1 };

function write(pen, text, { x, y, width, height, colour, align }) {
  const padding = 4 * devicePixelRatio;
  pen.fillStyle = colour;
  pen.textAlign = align;
  const at = align === 'left' ? x + padding : align === 'right' ? x + width - padding : x + width / 2;
  pen.fillText(text, at, y + height / 2, Math.max(1, width - padding));
}

/** `rows`: [{ list: [{ from, to, value, text, colour, hidden }] }], top to bottom. */
export function drawRows(
  plot,
  rows,
  { rowHeight = 0.9, showValue = 'auto', alignValue = 'left', fillOpacity = 70, lineWidth = 0 },
) {
  const { ctx: pen, bbox, scales } = plot;
  const high = bbox.height / Math.max(1, rows.length);
  const height = Math.max(1, Math.min(high - 1, high * rowHeight));
  const size = Math.round(Math.min(12 * devicePixelRatio, height * 0.8));
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  pen.font = `${size}px ${FAMILY}`;
  pen.textBaseline = 'middle';
  rows.forEach(({ list }, row) => {
    const y = Math.round(bbox.top + row * high + (high - height) / 2);
    for (const { from, to, text, colour, hidden } of list) {
      if (to < scales.x.min || from > scales.x.max) continue;
      const x = Math.max(bbox.left, Math.round(plot.valToPos(from, 'x', true)));
      const width = Math.max(1, Math.min(bbox.left + bbox.width, Math.round(plot.valToPos(to, 'x', true))) - x);
      const opacity = hidden ? 0.06 : Math.max(0.1, fillOpacity / 100);
      pen.fillStyle = translucent(colour, opacity);
      pen.fillRect(x, y, width, height);
      if (lineWidth > 0 && width > 3) {
        pen.strokeStyle = colour;
        pen.lineWidth = lineWidth * devicePixelRatio;
        pen.strokeRect(x + pen.lineWidth / 2, y + pen.lineWidth / 2, width - pen.lineWidth, height - pen.lineWidth);
      }
      if (showValue === 'never' || hidden || size < 7) continue;
      if (showValue === 'auto' && pen.measureText(text).width + 8 * devicePixelRatio > width) continue;
      write(pen, text, {
        x,
        y,
        width,
        height,
        align: alignValue in ALIGN ? alignValue : 'left',
        colour: opacity > 0.5 ? readableOn(colour) : plot.axes[0].stroke(),
      });
    }
  });
  pen.restore();
}
