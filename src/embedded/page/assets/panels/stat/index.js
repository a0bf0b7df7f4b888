// The `stat` panel: big values with their names and a small line behind; what the values are is model/reduced.js's business.

import { prepare } from '../model/prepare.js';
import { readableOn } from '../model/colours.js';
import { reduced } from '../model/reduced.js';
import { element } from '../../dom.js';
import { setStyle, setText, sized } from '../plot/elements.js';
import { emptyText } from '../plot/message.js';
import { fonts, tiles } from './layout.js';
import { drawSparkline } from './sparkline.js';

/** Of the tile's height; the style sheet has it too. */
const LINE_SHARE = 0.36;

const tile = () =>
  element('div', { class: 'stat-tile' }, [
    element('canvas', { class: 'stat-line', 'aria-hidden': 'true' }),
    element('div', { class: 'stat-texts' }, [
      element('div', { class: 'stat-name' }),
      element('div', { class: 'stat-value' }, [
        element('span', { class: 'stat-affix' }),
        element('span'),
        element('span', { class: 'stat-affix' }),
      ]),
    ]),
  ]);

/** `prefix` and `postfix` are of panels that were `singlestat`. */
function completed(display, { prefix = '', postfix = '' }) {
  if (display.whole === '') return { ...display, text: 'No data', whole: 'No data' };
  if (!prefix && !postfix) return display;
  const [before, after] = [`${prefix}${display.prefix ?? ''}`, `${display.suffix ?? ''}${postfix}`];
  return { ...display, prefix: before, suffix: after, whole: `${before}${display.text}${after}` };
}

/** Which of the two texts a tile has: { name, value }. */
function parts(mode = 'auto', count) {
  if (mode === 'auto') return { name: count > 1, value: true };
  return { name: mode === 'name' || mode === 'value_and_name', value: mode === 'value' || mode === 'value_and_name' };
}

function writeTexts(node, { title, display }, has, size) {
  const [name, value] = node.lastElementChild.children;
  name.hidden = !has.name;
  value.hidden = !has.value;
  setText(name, title);
  setStyle(name, 'fontSize', `${size.name}px`);
  setStyle(value, 'fontSize', `${size.value}px`);
  const [before, number, after] = value.children;
  setText(before, display.prefix ?? '');
  setText(number, display.text);
  setText(after, display.suffix ?? '');
}

function paint(node, colour, mode) {
  const whole = mode === 'background' || mode === 'background_solid';
  setStyle(node, 'background', whole ? colour : '');
  setStyle(node, 'color', whole ? readableOn(colour) : '');
  setStyle(node.querySelector('.stat-value'), 'color', mode === 'value' ? colour : '');
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const { colorMode = 'value', graphMode = 'area', justifyMode = 'auto' } = options;
  const root = element('div', { class: 'panel-stat' });
  body.replaceChildren(root);
  let data = null;
  let size = { width: body.clientWidth, height: body.clientHeight };

  const drawLine = (node, { times, values, field, display }, box) => {
    const canvas = node.firstElementChild;
    canvas.hidden = graphMode !== 'area' || !values || !times;
    if (canvas.hidden) return;
    const whole = colorMode.startsWith('background');
    drawSparkline(canvas, {
      times,
      values,
      range: data.range,
      limits: field.config,
      width: box.width,
      height: box.height * LINE_SHARE,
      colour: whole ? readableOn(display.colour) : display.colour,
    });
  };

  const render = () => {
    const { frames, problem } = prepare(panel, data, context, { fallback: 'thresholds' });
    const values = problem ? [] : reduced(frames, options.reduceOptions);
    const message = problem ?? (values.length === 0 ? emptyText(data, frames) : '');
    root.classList.toggle('empty', values.length === 0);
    if (values.length === 0) {
      root.replaceChildren(element('div', { class: 'panel-message', role: 'status' }, message));
      return;
    }
    for (const one of values) one.display = completed(one.display, options);
    if (root.firstElementChild?.classList.contains('panel-message')) root.replaceChildren();
    const has = parts(options.textMode, values.length);
    const grid = tiles(values.length, size.width, size.height, options.orientation);
    const box = { width: grid.width - (grid.columns > 1 ? 4 : 0), height: grid.height - (grid.rows > 1 ? 4 : 0) };
    const lined = graphMode === 'area' && values.some((one) => one.values && one.times);
    root.classList.toggle('lined', lined);
    const font = fonts(
      values.map(({ display }) => display.whole),
      has.name ? values.map(({ title }) => title) : [],
      box,
      options.text,
      lined,
    );
    setStyle(root, 'gridTemplateColumns', `repeat(${grid.columns}, minmax(0, 1fr))`);
    root.classList.toggle('centred', justifyMode === 'center' || (justifyMode === 'auto' && values.length === 1));
    const nodes = sized(root, values.length, tile);
    values.forEach((one, at) => {
      writeTexts(nodes[at], one, has, font);
      paint(nodes[at], one.display.colour, colorMode);
      drawLine(nodes[at], one, box);
    });
  };

  return {
    update(next) {
      data = next;
      render();
    },
    resize(width, height) {
      size = { width, height };
      if (data) render();
    },
    destroy: () => root.remove(),
  };
}
