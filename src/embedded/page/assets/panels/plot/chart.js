// The shell of a chart of time: its boxes, the life of its uPlot, its message, pointer and annotations. Knows no data.

import uPlot from '../../uplot.js';
import { annotationMarks } from './annotations.js';
import { timeOptions, timeScale } from './axes.js';
import { element } from '../../dom.js';
import { setText } from './elements.js';
import { pointer } from './pointer.js';

function together(...lists) {
  const all = {};
  for (const hooks of lists) {
    for (const [name, own] of Object.entries(hooks ?? {})) all[name] = [...(all[name] ?? []), ...own];
  }
  return all;
}

/**
 * `hover(plot)` makes the tooltip. `show` takes { signature, options(), data, range, annotations, message, note }: the same
 * signature means the same options, and then only the data is replaced.
 */
export function createChart(body, context, { hover, title }) {
  const box = element('div', { class: 'chart-box' });
  const message = element('div', { class: 'panel-message', role: 'status', hidden: true });
  const note = element('div', { class: 'chart-note' });
  const legend = element('div', { class: 'chart-legend', hidden: true });
  const root = element('div', { class: 'panel-chart' }, [
    element('div', { class: 'chart-room' }, [box, message, note]),
    legend,
  ]);
  body.replaceChildren(root);

  let plot = null;
  let signature = null;
  let latest = null;
  let theme = context.theme;
  const pointing = pointer(context, { hover, title });
  const marks = annotationMarks(context, () => latest?.annotations ?? []);

  const drop = () => {
    pointing.detach();
    plot?.destroy();
    plot = null;
  };

  const build = (width, height) => {
    const own = latest.options();
    const base = {
      width,
      height,
      ...timeOptions(context.timeZone),
      legend: { show: false },
      padding: [8, 22, 0, 8],
      ...own,
      scales: { x: timeScale(() => latest.range), ...own.scales },
      cursor: { ...pointing.cursor, ...own.cursor },
      hooks: together(pointing.hooks, marks.hooks, own.hooks),
    };
    plot = new uPlot(base, latest.data, box);
  };

  const fit = () => {
    const width = Math.floor(box.clientWidth);
    const height = Math.floor(box.clientHeight);
    if (!latest || width < 20 || height < 20) return;
    if (!plot) build(width, height);
    else if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
  };
  const observer = new ResizeObserver(fit);
  observer.observe(box);

  return {
    box,
    legend,
    root,
    get plot() {
      return plot;
    },
    show(next) {
      latest = next;
      const same = plot && signature === next.signature && theme === context.theme;
      signature = next.signature;
      theme = context.theme;
      message.hidden = !next.message;
      setText(message, next.message ?? '');
      setText(note, next.note ?? '');
      if (same) plot.setData(next.data);
      else drop();
      // A change of size is told by the observer, without a layout forced here
      if (!plot) fit();
    },
    fit,
    destroy() {
      observer.disconnect();
      marks.destroy();
      drop();
      pointing.destroy();
      root.remove();
    },
  };
}
