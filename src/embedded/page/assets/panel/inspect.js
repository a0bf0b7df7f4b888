// The inspector of a panel: its data as a table and CSV, its queries as the server ran them, its JSON, its error.

import { button, element } from '../dom.js';
import { executedQueries, joined } from '../frames.js';
import { stamp } from '../time/range.js';
import { openDialog } from '../view/dialog.js';
import { toast } from '../view/toast.js';

/** More rows than this are for the CSV file. */
const MOST_ROWS = 1000;

/** Opens on `data`, `query`, `json` or `error`. */
export function openInspector(frame, tab) {
  const tabs = [['data', 'Data', dataTab], ['query', 'Query', queryTab], ['json', 'JSON', jsonTab]];
  if (frame.last.error) tabs.push(['error', 'Error', errorTab]);
  const content = element('div', { class: 'inspect-content', role: 'tabpanel' });
  const choose = (chosen) => {
    for (const one of bar.children) one.setAttribute('aria-selected', String(one.dataset.tab === chosen));
    content.replaceChildren(...tabs.find(([name]) => name === chosen)[2](frame));
  };
  const bar = element('div', { class: 'tabs', role: 'tablist' }, tabs.map(([name, label]) => (
    element('button', { type: 'button', role: 'tab', dataset: { tab: name }, on: { click: () => choose(name) } }, label)
  )));
  choose(tabs.some(([name]) => name === tab) ? tab : 'data');
  openDialog(`Inspect: ${frame.title() || 'panel'}`, element('div', { class: 'inspect' }, bar, content), { wide: true });
}

function dataTab(frame) {
  const table = joined(frame.last.frames);
  if (table.rows.length === 0) return [element('p', { class: 'weak' }, 'No data')];
  const zone = frame.board.zone;
  const first = table.timed ? ['Time'] : [];
  const shown = table.rows.slice(-MOST_ROWS);
  const cells = ([key, ...values]) => [...(table.timed ? [stamp(key, zone)] : []), ...values.map(plain)];
  const download = button('Download CSV', { class: 'primary', on: { click: () => save(`${frame.title() || 'panel'}.csv`, csv(table, zone)) } });
  const count = table.rows.length > MOST_ROWS ? `the last ${MOST_ROWS} of ${table.rows.length} rows` : `${table.rows.length} rows`;
  return [
    element('div', { class: 'inspect-bar' }, download, element('span', { class: 'weak' }, count)),
    element('div', { class: 'inspect-table', tabindex: '0' }, element(
      'table',
      {},
      element('thead', {}, element('tr', {}, [...first, ...table.columns].map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, shown.map((row) => element('tr', {}, cells(row).map((cell) => element('td', {}, cell))))),
    )),
  ];
}

function queryTab(frame) {
  const executed = executedQueries(frame.last.answer);
  const sent = (frame.last.body?.queries ?? []).map((query) => [query.refId, query.query]);
  const listed = (title, list) => list.flatMap(([refId, text]) => [
    element('h3', {}, `${refId}: ${title}`),
    element('pre', { tabindex: '0' }, text),
  ]);
  if (sent.length === 0) return [element('p', { class: 'weak' }, 'This panel has asked nothing yet.')];
  const everything = executed.length > 0 ? executed : sent;
  const copied = () => copy(everything.map(([, text]) => text).join('\n'));
  const { queries, from, to } = frame.last.body;
  const zone = frame.board.zone;
  return [
    element('div', { class: 'inspect-bar' }, button('Copy', { on: { click: copied } }), element('span', { class: 'weak' }, `${stamp(Number(from), zone)} to ${stamp(Number(to), zone)}, interval ${queries[0].intervalMs} ms, at most ${queries[0].maxDataPoints} points`)),
    ...listed('as it ran', executed),
    ...listed('as it was sent', sent),
  ];
}

function jsonTab(frame) {
  const text = JSON.stringify(frame.model, null, 2);
  return [
    element('div', { class: 'inspect-bar' }, button('Copy', { on: { click: () => copy(text) } })),
    element('pre', { tabindex: '0' }, text),
  ];
}

function errorTab(frame) {
  return [element('pre', { class: 'problem', tabindex: '0' }, frame.last.error)];
}

/** Puts a text on the clipboard and says so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Copied');
  } catch {
    toast('The browser does not allow copying here');
  }
}

/** RFC 4180, times as in the table. A leading `=`, `+`, `-` or `@` of a text would run as a formula in a spreadsheet. */
export function csv(table, zone) {
  const quoted = (value) => {
    const text = typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = [...(table.timed ? ['Time'] : []), ...table.columns];
  const body = table.rows.map(([key, ...values]) => [...(table.timed ? [stamp(key, zone)] : []), ...values]);
  return [head, ...body].map((row) => row.map(quoted).join(',')).join('\r\n').concat('\r\n');
}

function plain(value) {
  return value === null || value === undefined ? '' : String(value);
}

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = element('a', { href: address, download: name.replaceAll(/[\\/:]/g, '_') });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
