// The one tooltip of the page: it follows the pointer and shows a title and rows of name and value.

import { element } from '../../dom.js';
import { setStyle, setText, sized } from './elements.js';

const MOST_ROWS = 25;
const AWAY = 14;

let node;
let owner = null;

function build() {
  const title = element('div', { class: 'tooltip-title' });
  const rows = element('div', { class: 'tooltip-rows' });
  const more = element('div', { class: 'tooltip-more' });
  node = element('div', { class: 'panel-tooltip', role: 'tooltip', hidden: true }, [title, rows, more]);
  Object.assign(node, { titleNode: title, rowsNode: rows, moreNode: more });
  document.body.append(node);
}

const row = () => element('div', { class: 'tooltip-row' }, [
  element('span', { class: 'series-mark' }),
  element('span', { class: 'tooltip-name' }),
  element('span', { class: 'tooltip-value' }),
]);

function place({ x, y }) {
  const { offsetWidth: width, offsetHeight: height } = node;
  const room = document.documentElement;
  const left = x + AWAY + width > room.clientWidth ? x - AWAY - width : x + AWAY;
  const top = y + AWAY + height > room.clientHeight ? y - AWAY - height : y + AWAY;
  setStyle(node, 'transform', `translate(${Math.max(2, Math.round(left))}px, ${Math.max(2, Math.round(top))}px)`);
}

/** `content`: { title, rows: [{ colour?, name, value, strong? }] }; `point` in the window's CSS pixels. */
export function showTooltip(source, content, point) {
  if (!node?.isConnected) build();
  owner = source;
  setText(node.titleNode, content.title ?? '');
  const shown = content.rows.slice(0, MOST_ROWS);
  const nodes = sized(node.rowsNode, shown.length, row);
  shown.forEach(({ colour, name, value, strong = false }, at) => {
    const [mark, label, text] = nodes[at].children;
    mark.hidden = !colour;
    setStyle(mark, 'background', colour ?? '');
    setText(label, name);
    setText(text, value ?? '');
    nodes[at].classList.toggle('strong', strong);
  });
  const left = content.rows.length - shown.length;
  setText(node.moreNode, left > 0 ? `and ${left} more` : '');
  node.hidden = false;
  place(point);
}

/** Only the panel that shows it can hide it. */
export function hideTooltip(source) {
  if (!node || owner !== source) return;
  node.hidden = true;
  owner = null;
}
