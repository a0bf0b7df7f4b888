// A menu of commands and links in a popover, walked with the arrow keys.

import { element } from '../dom.js';
import { attachPopover } from './popover.js';

/** `entries()`: `{label, run}`, `{label, href}`, or `null` for a line between groups, asked for at each opening. */
export function attachMenu(trigger, label, entries) {
  attachPopover(trigger, label, (close) => menu(entries(), close), { role: 'menu' });
}

function menu(entries, close) {
  const list = element('div', { class: 'menu' }, entries.map((entry) => (entry ? item(entry, close) : element('hr'))));
  list.addEventListener('keydown', (event) => {
    const items = [...list.querySelectorAll('[role=menuitem]')];
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items[(next + items.length) % items.length].focus();
  });
  return list;
}

function item({ label, run, href, key }, close) {
  const hint = key ? element('kbd', {}, key) : null;
  if (href) {
    return element('a', { role: 'menuitem', href, target: '_blank', rel: 'noopener noreferrer', on: { click: () => close() } }, label);
  }
  const chosen = () => {
    close();
    run();
  };
  return element('button', { type: 'button', role: 'menuitem', on: { click: chosen } }, element('span', {}, label), hint);
}
