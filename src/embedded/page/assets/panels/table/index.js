// The `table` panel: a head to sort and filter by, and rows written in place. What is in them comes from rows.js, columns.js.

import { element } from '../../dom.js';
import { prepare } from '../model/prepare.js';
import { setStyle, setText, sized } from '../plot/elements.js';
import { emptyText } from '../plot/message.js';
import { cellStyle, columnsOf } from './columns.js';
import { MOST_ROWS, nextSort, visibleRows } from './rows.js';

const ARROWS = { ascending: ' ↑', descending: ' ↓', none: '' };

/** The column and direction that the dashboard asks for. */
function firstSort(columns, [given] = []) {
  const at = given ? columns.findIndex(({ title }) => title === given.displayName) : -1;
  return at < 0 ? null : { at, descending: Boolean(given.desc) };
}

function frameTitle(frame, at) {
  return frame.name || frame.fields.findLast(({ type }) => type !== 'time')?.title || `Result ${at + 1}`;
}

export function mount(body, panel, context) {
  const options = panel.options ?? {};
  const head = element('thead');
  const rows = element('tbody');
  const note = element('div', { class: 'table-note', role: 'status' });
  const message = element('div', { class: 'panel-message', role: 'status' });
  const picker = element('select', { class: 'table-frames', 'aria-label': 'Result', hidden: true });
  const scroller = element(
    'div',
    { class: 'table-scroll', tabindex: '0', 'aria-label': panel.title || 'Table' },
    element('table', {}, head, rows),
  );
  const root = element('div', { class: 'panel-table' }, scroller, note, picker, message);
  body.replaceChildren(root);

  let data = null;
  let columns = [];
  let sort;
  const filters = new Map();
  let chosen = options.frameIndex ?? 0;
  let headShape = null;

  const filterInput = (title, at) =>
    element('input', {
      type: 'search',
      class: 'table-filter',
      placeholder: 'filter',
      'aria-label': `Filter ${title}`,
      value: filters.get(at) ?? '',
      on: {
        input: (event) => {
          filters.set(at, event.target.value);
          writeRows();
        },
      },
    });

  const heading = ({ title, align, width, filterable }, at) =>
    element(
      'th',
      { scope: 'col', style: { textAlign: align, ...(width && { width: `${width}px`, minWidth: `${width}px` }) } },
      element(
        'button',
        {
          type: 'button',
          class: 'table-sort',
          on: {
            click: () => {
              sort = nextSort(sort, at);
              writeHead();
              writeRows();
            },
          },
        },
        title,
      ),
      filterable && filterInput(title, at),
    );

  const writeHead = () => {
    const shape = JSON.stringify(
      columns.map(({ title, align, width, filterable }) => [title, align, width, filterable]),
    );
    if (shape !== headShape) {
      headShape = shape;
      filters.clear();
      sort = firstSort(columns, options.sortBy);
      head.replaceChildren(element('tr', {}, columns.map(heading)));
    }
    head.hidden = options.showHeader === false;
    columns.forEach(({ title }, at) => {
      const direction = sort?.at === at ? (sort.descending ? 'descending' : 'ascending') : 'none';
      const cell = head.firstElementChild.children[at];
      cell.setAttribute('aria-sort', direction);
      setText(cell.firstElementChild, title + ARROWS[direction]);
    });
  };

  const writeRows = () => {
    const shown = visibleRows(columns, { filters, sort });
    const nodes = sized(rows, Math.min(shown.length, MOST_ROWS), () => element('tr'));
    for (let at = 0; at < nodes.length; at += 1) {
      const cells = sized(nodes[at], columns.length, () => element('td'));
      columns.forEach((column, place) => {
        const value = column.values[shown[at]];
        const display = column.display(value);
        const { color, background } = cellStyle(column, value, display);
        setText(cells[place], display.whole);
        setStyle(cells[place], 'textAlign', column.align);
        setStyle(cells[place], 'color', color);
        setStyle(cells[place], 'background', background);
      });
    }
    setText(note, shown.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${shown.length} rows` : '');
  };

  const writePicker = (frames) => {
    picker.hidden = frames.length < 2;
    const nodes = sized(picker, frames.length, () => element('option'));
    frames.forEach((frame, at) => {
      setText(nodes[at], frameTitle(frame, at));
      nodes[at].value = String(at);
    });
    picker.value = String(chosen);
  };
  picker.addEventListener('change', () => {
    chosen = Number(picker.value);
    render();
  });

  const render = () => {
    const { frames, problem } = prepare(panel, data, context, { fallback: 'thresholds' });
    chosen = Math.min(chosen, Math.max(0, frames.length - 1));
    columns = columnsOf(frames[chosen]);
    const empty = columns.every(({ values }) => values.length === 0);
    setText(message, problem ?? (empty ? emptyText(data, frames) : ''));
    scroller.hidden = Boolean(problem) || columns.length === 0;
    writePicker(problem ? [] : frames);
    if (scroller.hidden) return;
    writeHead();
    writeRows();
  };

  return {
    update(next) {
      data = next;
      render();
    },
    resize() {},
    destroy: () => root.remove(),
  };
}
