// Tooltips, at most one a panel: a title and rows of name and value beside the pointer.

import { element } from '../../dom.js';
import { setStyle, setText, sized } from './elements.js';

const MOST_ROWS = 25;
const AWAY = 14;

/** By the panel that shows it. */
const shownBy = new Map();

function build() {
  const parts = {
    title: element('div', { class: 'tooltip-title' }),
    rows: element('div', { class: 'tooltip-rows' }),
    more: element('div', { class: 'tooltip-more' }),
  };
  const node = element('div', { class: 'panel-tooltip', role: 'tooltip' }, Object.values(parts));
  document.body.append(node);
  return { node, ...parts };
}

const row = () =>
  element('div', { class: 'tooltip-row' }, [
    element('span', { class: 'series-mark' }),
    element('span', { class: 'tooltip-name' }),
    element('span', { class: 'tooltip-value' }),
  ]);

function place(node, { x, y }) {
  const { offsetWidth: width, offsetHeight: height } = node;
  const room = document.documentElement;
  const left = x + AWAY + width > room.clientWidth ? x - AWAY - width : x + AWAY;
  const top = y + AWAY + height > room.clientHeight ? y - AWAY - height : y + AWAY;
  setStyle(node, 'transform', `translate(${Math.max(2, Math.round(left))}px, ${Math.max(2, Math.round(top))}px)`);
}

/**
 * `content`: { title, rows: [{ mark?, name, value, strong? }] }, a mark being a CSS background; `point` in the window's
 * CSS pixels.
 */
export function showTooltip(source, content, point) {
  if (!shownBy.has(source)) shownBy.set(source, build());
  const { node, title, rows, more } = shownBy.get(source);
  setText(title, content.title ?? '');
  const shown = content.rows.slice(0, MOST_ROWS);
  const nodes = sized(rows, shown.length, row);
  shown.forEach(({ mark, name, value, strong = false }, at) => {
    const [sign, label, text] = nodes[at].children;
    sign.hidden = !mark;
    setStyle(sign, 'background', mark ?? '');
    setText(label, name);
    setText(text, value ?? '');
    nodes[at].classList.toggle('strong', strong);
  });
  const left = content.rows.length - shown.length;
  setText(more, left > 0 ? `and ${left} more` : '');
  place(node, point);
}

/** Only the panel that shows it can hide it. */
export function hideTooltip(source) {
  shownBy.get(source)?.node.remove();
  shownBy.delete(source);
}
