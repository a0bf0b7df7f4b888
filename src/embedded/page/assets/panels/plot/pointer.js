// What pointer and keys do on a chart of time: crosshair shared with the other panels, tooltip, zoom. Draws no data.

import { element } from '../../dom.js';
import { setStyle } from './elements.js';
import { hideTooltip, showTooltip } from './tooltip.js';

/** The missing values of rows that only other series have are passed over; real gaps (null) are not. */
function nearest(plot, series, index) {
  const values = plot.data[series];
  if (values[index] !== undefined) return index;
  let [low, high] = [index, index];
  while (low >= 0 && values[low] === undefined) low -= 1;
  while (high < values.length && values[high] === undefined) high += 1;
  if (low < 0) return high < values.length ? high : index;
  if (high >= values.length) return low;
  const at = plot.data[0][index];
  return at - plot.data[0][low] <= plot.data[0][high] - at ? low : high;
}

/** Of a dashboard's `graphTooltip`. */
const SHARED_TOOLTIP = 2;

const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

/** Moves the cursor by rows of data. */
function stepped(plot, step) {
  const times = plot.data[0];
  const last = times.length - 1;
  const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
  const index = Math.min(last, Math.max(0, from + step));
  plot.setCursor({
    left: plot.valToPos(times[index], 'x'),
    top: plot.cursor.top >= 0 ? plot.cursor.top : plot.over.clientHeight / 2,
  });
}

/**
 * `hover(plot)` answers what the tooltip shows, or null. Answers uPlot's `cursor` options, its hooks, and what ends it all.
 */
export function pointer(context, { hover, title = '' }) {
  const source = {};
  let line;
  let plot;
  let told = false;
  /** The cursor stands where another panel's pointer is. */
  let accompanied = false;

  const leave = () => {
    hideTooltip(source);
    if (!told) return;
    told = false;
    context.crosshair?.publish(null, source);
  };

  const moved = (self) => {
    const { left, top } = self.cursor;
    if (left === null || left === undefined || left < 0) return leave();
    if (!accompanied) {
      told = true;
      context.crosshair?.publish(self.posToVal(left, 'x'), source);
    }
    const content = hover(self);
    const box = self.over.getBoundingClientRect();
    if (content) showTooltip(source, content, { x: box.left + left, y: box.top + Math.max(0, top) });
    else hideTooltip(source);
    return undefined;
  };

  const selected = (self) => {
    const { left, width } = self.select;
    if (width > 4) context.zoom?.(Math.round(self.posToVal(left, 'x')), Math.round(self.posToVal(left + width, 'x')));
    if (width > 0) self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };

  const widen = () => {
    const { min, max } = plot.scales.x;
    context.zoom?.(Math.round(min - (max - min) / 2), Math.round(max + (max - min) / 2));
    return null;
  };

  const key = (event) => {
    if (event.key === 'Escape') return plot.setCursor({ left: -10, top: -10 });
    if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    accompanied = false;
    return stepped(plot, STEPS[event.key]);
  };

  /** The tooltip for a pointer that is on another panel; nothing is published, or panels would tell each other for ever. */
  const accompany = (time) => {
    const box = plot.over.getBoundingClientRect();
    const inView = box.bottom > 0 && box.top < document.documentElement.clientHeight;
    const left = time === null || !inView ? -10 : plot.valToPos(time, 'x');
    accompanied = left >= 0;
    plot.setCursor({ left, top: left < 0 ? -10 : box.height / 2 }, false);
    const content = left < 0 ? null : hover(plot);
    if (content) showTooltip(source, content, { x: box.left + left, y: box.top + box.height / 2 });
    else hideTooltip(source);
  };

  const elsewhere = (time, from) => {
    if (!line || from === source) return;
    const within = time !== null && time >= plot.scales.x.min && time <= plot.scales.x.max;
    setStyle(line, 'visibility', within ? 'visible' : 'hidden');
    if (within) setStyle(line, 'transform', `translateX(${Math.round(plot.valToPos(time, 'x'))}px)`);
    if (context.crosshair.mode === SHARED_TOOLTIP) accompany(within ? time : null);
  };
  const unsubscribe = context.crosshair?.subscribe(elsewhere);

  const begin = (self) => {
    plot = self;
    line = element('div', { class: 'shared-crosshair' });
    setStyle(line, 'visibility', 'hidden');
    self.over.append(line);
    self.over.tabIndex = 0;
    self.over.setAttribute('role', 'img');
    self.over.setAttribute('aria-label', `${title || 'Chart'}: arrow keys move along the values`);
    self.over.addEventListener(
      'mousemove',
      () => {
        accompanied = false;
      },
      { capture: true },
    );
    self.over.addEventListener('keydown', key);
    self.over.addEventListener('blur', () => self.setCursor({ left: -10, top: -10 }));
  };

  return {
    cursor: {
      dataIdx: nearest,
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => widen },
      points: { size: 7, width: 1 },
    },
    hooks: { init: [begin], setCursor: [moved], setSelect: [selected] },
    /** When the plot is replaced by another. */
    detach() {
      leave();
      line = undefined;
    },
    destroy() {
      leave();
      unsubscribe?.();
    },
  };
}
