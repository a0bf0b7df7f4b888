// The legend of a chart: names, colours, calculated values; a click shows one series alone. Written in place at each update.

import { element } from '../../dom.js';
import { setStyle, setText, sized } from './elements.js';

/** One row: { name, mark, hidden, values: [text] }, the mark being a CSS background; `headings` name the values. */
export function createLegend(root, { onToggle }) {
  let shape = null;
  let list = null;
  let rows = [];

  const click = (event) => {
    const node = event.target.closest('[data-row]');
    if (node) onToggle(rows[Number(node.dataset.row)].name, event.ctrlKey || event.metaKey || event.shiftKey);
  };
  root.addEventListener('click', click);

  const button = (at) =>
    element('button', { type: 'button', class: 'legend-name', 'data-row': String(at) }, [
      element('span', { class: 'series-mark' }),
      element('span', { class: 'legend-text' }),
    ]);

  const writeButton = (node, { name, mark, hidden }) => {
    const [sign, text] = node.children;
    setStyle(sign, 'background', mark);
    setText(text, name);
    if (node.title !== name) node.title = name;
    node.setAttribute('aria-pressed', String(!hidden));
  };

  const asList = {
    make: () => element('ul', { class: 'legend-list' }),
    row: (at) => element('li', {}, [button(at), element('span', { class: 'legend-values' })]),
    write(node, row, headings) {
      writeButton(node.firstElementChild, row);
      setText(node.lastElementChild, row.values.map((value, at) => `${headings[at]}: ${value}`).join('  '));
    },
  };

  const asTable = {
    make: (headings) =>
      element('table', { class: 'legend-table' }, [
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ['Name', ...headings].map((heading) => element('th', { scope: 'col' }, heading)),
          ),
        ),
        element('tbody'),
      ]),
    row: (at) => element('tr', {}, element('td', {}, button(at))),
    write(node, row) {
      writeButton(node.firstElementChild.firstElementChild, row);
      const cells = sized(node, row.values.length + 1, () => element('td', { class: 'legend-number' }));
      row.values.forEach((value, at) => setText(cells[at + 1], value));
    },
  };

  return {
    update({ mode, placement, headings, rows: next }) {
      rows = next;
      root.hidden = mode === 'hidden' || next.length === 0;
      root.parentElement.classList.toggle('legend-right', placement === 'right');
      if (root.hidden) return;
      const kind = mode === 'table' ? asTable : asList;
      const wanted = JSON.stringify([mode, headings]);
      if (shape !== wanted) {
        shape = wanted;
        list = kind.make(headings);
        root.replaceChildren(list);
      }
      const nodes = sized(list.tBodies?.[0] ?? list, next.length, kind.row);
      next.forEach((row, at) => {
        nodes[at].classList.toggle('off', row.hidden);
        kind.write(nodes[at], row, headings);
      });
    },
  };
}

/** What is hidden after a click: alone, back to all, or with `add` only this one changed. */
export function toggled(names, hidden, name, add) {
  const next = new Set(hidden);
  if (add) {
    if (!next.delete(name)) next.add(name);
    return next;
  }
  const alone = !hidden.has(name) && names.every((other) => other === name || hidden.has(other));
  return alone ? new Set() : new Set(names.filter((other) => other !== name));
}
