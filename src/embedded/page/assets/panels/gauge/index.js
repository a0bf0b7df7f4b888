// The `gauge` panel: an arc for each value with its thresholds round it.

import { element } from '../../dom.js';
import { prepare } from '../model/prepare.js';
import { reduced } from '../model/reduced.js';
import { setStyle, setText, sized } from '../plot/elements.js';
import { textWidth } from '../plot/ink.js';
import { emptyText } from '../plot/message.js';
import { tiles } from '../stat/layout.js';
import { bands, extentOf, rangeOf, shareOf } from './shares.js';

const SVG = 'http://www.w3.org/2000/svg';
/** In the picture's own coordinates: a square of 100 whose lower part stays empty. */
const HEIGHT = 84;
const SWEEP = 240;

function point(share, radius) {
  const angle = ((150 + SWEEP * share) * Math.PI) / 180;
  return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(52 + radius * Math.sin(angle)).toFixed(2)}`;
}

function arc(from, to, radius) {
  return `M ${point(from, radius)} A ${radius} ${radius} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${point(to, radius)}`;
}

function path(width) {
  const node = document.createElementNS(SVG, 'path');
  node.setAttribute('fill', 'none');
  node.setAttribute('stroke-width', width);
  return node;
}

function tile() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 100 ${HEIGHT}`);
  svg.setAttribute('aria-hidden', 'true');
  const ground = path(12);
  ground.setAttribute('class', 'gauge-ground');
  ground.setAttribute('d', arc(0, 1, 40));
  svg.append(ground, path(12), document.createElementNS(SVG, 'g'));
  return element(
    'div',
    { class: 'gauge-tile' },
    svg,
    element('div', { class: 'gauge-value' }),
    element('div', { class: 'gauge-name' }),
  );
}

function drawArcs(svg, one, { marks, theme, extent }) {
  const range = rangeOf(one, extent);
  const [, filled, group] = svg.children;
  const share = shareOf(one.value, range);
  filled.setAttribute('d', share > 0 ? arc(0, share, 40) : '');
  filled.setAttribute('stroke', one.display.colour);
  const list = marks ? bands(one.field, range, theme) : [];
  sized(group, list.length, () => path(3));
  list.forEach(({ from, to, colour }, at) => {
    group.children[at].setAttribute('d', arc(from, to, 48.2));
    group.children[at].setAttribute('stroke', colour);
  });
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const root = element('div', { class: 'panel-gauge' });
  const message = element('div', { class: 'panel-message', role: 'status' });
  body.replaceChildren(root, message);
  let data = null;
  let size = { width: body.clientWidth, height: body.clientHeight };

  const render = () => {
    const { frames, problem } = prepare(panel, data, context, { fallback: 'thresholds' });
    const values = problem ? [] : reduced(frames, options.reduceOptions);
    setText(message, problem ?? (values.length ? '' : emptyText(data, frames)));
    const grid = tiles(values.length, size.width, size.height, options.orientation);
    setStyle(root, 'gridTemplateColumns', `repeat(${grid.columns}, minmax(0, 1fr))`);
    const extent = extentOf(values);
    const nodes = sized(root, values.length, tile);
    values.forEach((one, at) => {
      const [svg, value, name] = nodes[at].children;
      const named = values.length > 1;
      const side = Math.min(grid.width - 8, ((grid.height - (named ? 24 : 6)) / HEIGHT) * 100);
      drawArcs(svg, one, { marks: options.showThresholdMarkers !== false, theme: context.theme, extent });
      setStyle(svg, 'width', `${Math.max(10, side)}px`);
      const text = one.display.whole || 'No data';
      setText(value, text);
      setStyle(value, 'fontSize', `${Math.max(9, Math.min(side * 0.2, (side * 0.56 * 12) / textWidth(text)))}px`);
      setStyle(value, 'color', one.display.colour);
      name.hidden = !named;
      setText(name, one.title);
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
