// The time range popover: a start and an end to type, and the ranges people ask for most.

import { element } from '../dom.js';
import { QUICK_RANGES, readable, resolve } from '../time/range.js';
import { parseMoment } from '../time/expression.js';

export function timePicker(board, close) {
  return element('div', { class: 'timepicker' }, absolutePart(board, close), quickPart(board, close));
}

function absolutePart(board, close) {
  const problem = element('p', { class: 'problem', role: 'alert' });
  const field = (name, label) => {
    const input = element('input', { id: `range-${name}`, name, value: readable(board.raw[name], board.zone), autocomplete: 'off', spellcheck: 'false', placeholder: 'now-1h or 2026-01-31 13:00:00' });
    return [element('label', { for: input.id }, label), input];
  };
  const form = element('form', { class: 'absolute' }, element('h3', {}, 'From and to'), field('from', 'From'), field('to', 'To'), problem, element('button', { type: 'submit', class: 'primary' }, 'Apply'), element('p', { class: 'weak zone' }, `Time zone: ${board.zone}`));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const raw = rawRange(form.elements, board);
    problem.textContent = raw.problem ?? '';
    if (raw.problem) return;
    close();
    board.setRange(raw);
  });
  return form;
}

/** Typed dates become moments; expressions stay as they are. */
function rawRange(fields, board) {
  const clock = board.clock();
  const ends = {};
  for (const name of ['from', 'to']) {
    const text = fields[name].value.trim();
    const moment = parseMoment(text, { ...clock, roundUp: name === 'to' });
    if (moment === null) return { problem: `'${text}' is no time: type now-1h, now/d or 2026-01-31 13:00:00.` };
    ends[name] = text.startsWith('now') ? text : String(moment);
  }
  return resolve(ends, clock) ? ends : { problem: 'The range must begin before it ends.' };
}

function quickPart(board, close) {
  const list = element('div', { class: 'quick-list' });
  const fill = (wanted) => {
    const fitting = QUICK_RANGES.filter(([name]) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
    list.replaceChildren(...fitting.map(([name, from, to]) => {
      const chosen = board.raw.from === from && board.raw.to === to;
      const choose = () => {
        close();
        board.setRange({ from, to });
      };
      return element('button', { type: 'button', class: 'quick', 'aria-pressed': String(chosen), on: { click: choose } }, name);
    }));
  };
  const filter = element('input', { type: 'search', placeholder: 'Search ranges', 'aria-label': 'Search ranges', dataset: { first: '' }, on: { input: () => fill(filter.value) } });
  filter.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    list.firstElementChild?.click();
  });
  fill('');
  return element('div', { class: 'quick-ranges' }, filter, list);
}
