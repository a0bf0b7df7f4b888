// Annotations on a chart of time: lines and regions on the canvas, and marks below them that tell what they say.

import { channels, colour, translucent } from '../model/colours.js';
import { iso } from '../../units/moment.js';
import { element } from '../../dom.js';
import { setStyle, sized } from './elements.js';
import { hideTooltip, showTooltip } from './tooltip.js';

const MOST = 200;

/** Text of annotations may hold markup; what a reader sees of it is its text. */
const bare = (text) =>
  text
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/<[^>]*>/g, '')
    .trim();

const isRegion = ({ time, timeEnd }) => Number.isFinite(timeEnd) && timeEnd > time;

function content({ time, timeEnd, title, text, tags = [] }, zone) {
  const until = isRegion({ time, timeEnd }) ? ` – ${iso(timeEnd, zone)}` : '';
  const words = [title, text].filter(Boolean).map(bare);
  return {
    title: iso(time, zone) + until,
    rows: [
      ...words.map((name) => ({ name, value: '' })),
      ...(tags.length ? [{ name: `tags: ${tags.join(', ')}`, value: '' }] : []),
    ],
  };
}

function draw(plot, { time, timeEnd, color }) {
  const { ctx, bbox, scales } = plot;
  const at = (moment) => Math.round(plot.valToPos(Math.min(scales.x.max, Math.max(scales.x.min, moment)), 'x', true));
  if (isRegion({ time, timeEnd })) {
    ctx.fillStyle = translucent(color, 0.12);
    ctx.fillRect(at(time), bbox.top, Math.max(1, at(timeEnd) - at(time)), bbox.height);
  }
  ctx.strokeStyle = color;
  for (const moment of isRegion({ time, timeEnd }) ? [time, timeEnd] : [time]) {
    if (moment < scales.x.min || moment > scales.x.max) continue;
    ctx.beginPath();
    ctx.moveTo(at(moment), bbox.top);
    ctx.lineTo(at(moment), bbox.top + bbox.height);
    ctx.stroke();
  }
}

/** `current()` answers the annotations of the moment. */
export function annotationMarks(context, current) {
  const source = {};
  let layer;
  let shown = [];

  const mark = () => {
    const node = element('button', { type: 'button', class: 'annotation-mark' });
    const show = () => {
      const box = node.getBoundingClientRect();
      const found = shown[Number(node.dataset.index)];
      if (found) showTooltip(source, content(found, context.timeZone), { x: box.left + box.width / 2, y: box.top });
    };
    node.addEventListener('mouseenter', show);
    node.addEventListener('focus', show);
    node.addEventListener('click', show);
    for (const end of ['mouseleave', 'blur']) node.addEventListener(end, () => hideTooltip(source));
    return node;
  };

  const visible = ({ x }) =>
    current().filter(({ time, timeEnd }) => time <= x.max && Math.max(time, timeEnd ?? time) >= x.min);

  const drawn = (plot) => {
    const { ctx } = plot;
    shown = visible(plot.scales)
      .slice(0, MOST)
      .map((one) => ({ ...one, color: colour(one.color ?? 'rgba(0, 211, 255, 1)', context.theme) }));
    ctx.save();
    ctx.lineWidth = Math.max(1, devicePixelRatio);
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    shown.forEach((one) => draw(plot, one));
    ctx.restore();
    const marks = sized(layer, shown.length, mark);
    shown.forEach((one, index) => {
      const start = Math.max(one.time, plot.scales.x.min);
      const left = plot.valToPos(start, 'x');
      const width = isRegion(one) ? plot.valToPos(Math.min(one.timeEnd, plot.scales.x.max), 'x') - left : 0;
      const node = marks[index];
      node.dataset.index = index;
      setStyle(node, 'transform', `translateX(${Math.round(left - (width ? 0 : 4))}px)`);
      setStyle(node, 'width', width ? `${Math.max(8, Math.round(width))}px` : '8px');
      setStyle(node, 'background', `rgb(${channels(one.color).slice(0, 3).join(', ')})`);
      node.setAttribute('aria-label', [one.title, one.text].filter(Boolean).map(bare).join(': ') || 'Annotation');
    });
  };

  return {
    hooks: {
      init: [
        (plot) => {
          layer = element('div', { class: 'annotation-layer' });
          plot.over.append(layer);
          // A mark is not the place to start a zoom
          layer.addEventListener('mousedown', (event) => event.stopPropagation());
        },
      ],
      draw: [drawn],
    },
    destroy: () => hideTooltip(source),
  };
}
