// The `bargauge` panel: a bar for each value, as long as the value's share of its range.

import { element } from '../../dom.js';
import { translucent } from '../model/colours.js';
import { prepare } from '../model/prepare.js';
import { reduced } from '../model/reduced.js';
import { setStyle, setText, sized } from '../plot/elements.js';
import { emptyText } from '../plot/message.js';
import { bands, extentOf, rangeOf, shareOf } from './shares.js';

const bar = () =>
  element(
    'div',
    { class: 'bar' },
    element('div', { class: 'bar-name' }),
    element('div', { class: 'bar-ground' }, element('div', { class: 'bar-filled' })),
    element('div', { class: 'bar-value' }),
  );

/** `gradient` runs through the colours of the thresholds that the value has passed. */
function fill(one, range, mode, upright, theme) {
  const direction = upright ? 'to top' : 'to right';
  const passed =
    mode === 'gradient' && one.field.config.color?.mode === 'thresholds'
      ? bands(one.field, range, theme)
          .filter(({ from }) => from <= shareOf(one.value, range))
          .map(({ colour }) => colour)
      : [];
  if (passed.length > 1) return `linear-gradient(${direction}, ${passed.join(', ')})`;
  if (mode === 'gradient')
    return `linear-gradient(${direction}, ${translucent(one.display.colour, 0.45)}, ${one.display.colour})`;
  if (mode !== 'lcd') return one.display.colour;
  return `repeating-linear-gradient(${direction}, ${one.display.colour} 0 8px, transparent 8px 11px)`;
}

export function mount(body, panel, context) {
  const { orientation = 'auto', displayMode = 'gradient', reduceOptions } = panel.options ?? {};
  const root = element('div', { class: 'panel-bars' });
  const message = element('div', { class: 'panel-message', role: 'status' });
  body.replaceChildren(root, message);
  let data = null;
  let size = { width: body.clientWidth, height: body.clientHeight };

  const render = () => {
    const { frames, problem } = prepare(panel, data, context, { fallback: 'thresholds' });
    const values = problem ? [] : reduced(frames, reduceOptions);
    setText(message, problem ?? (values.length ? '' : emptyText(data, frames)));
    const upright =
      orientation === 'vertical' || (orientation === 'auto' && size.width > size.height && values.length > 1);
    root.classList.toggle('upright', upright);
    const extent = extentOf(values);
    const nodes = sized(root, values.length, bar);
    values.forEach((one, at) => {
      const [name, ground, value] = nodes[at].children;
      const range = rangeOf(one, extent);
      setText(name, values.length > 1 ? one.title : '');
      setText(value, one.display.whole || 'No data');
      setStyle(value, 'color', one.display.colour);
      const filled = ground.firstElementChild;
      setStyle(filled, upright ? 'height' : 'width', `${(shareOf(one.value, range) * 100).toFixed(2)}%`);
      setStyle(filled, upright ? 'width' : 'height', '100%');
      setStyle(filled, 'background', fill(one, range, displayMode, upright, context.theme));
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
