// The controls of a dashboard's variables and annotation lists, and its links.

import { element, icon } from '../dom.js';
import { pushAddress, routeOf } from '../router.js';
import { ALL } from '../variables/options.js';
import { safeAddress } from './markdown.js';
import { attachPopover } from './popover.js';

const HIDE_LABEL = 1;
const HIDE_ALL = 2;

export function variableControls(board) {
  const variables = board.variables.all.filter(({ definition, type }) => Number(definition.hide ?? 0) !== HIDE_ALL && type !== 'constant');
  return [...variables.map((variable) => control(variable, board)), ...annotationSwitches(board), ...links(board)];
}

function control(variable, board) {
  const { definition, name } = variable;
  const id = `var-${name}`;
  const label = definition.label || name;
  const shownLabel = Number(definition.hide ?? 0) === HIDE_LABEL ? null : element('label', { for: id, title: definition.description ?? '' }, label);
  const problem = variable.problem && element('span', { class: 'variable-problem', role: 'img', title: `${label}: ${variable.problem}`, 'aria-label': `${label}: ${variable.problem}` }, icon('error'));
  return element('div', { class: 'variable', dataset: { variable: name } }, shownLabel, input(variable, board, id, label), problem);
}

function input(variable, board, id, label) {
  if (variable.type === 'adhoc' || variable.type === 'groupby') {
    return element('span', { class: 'weak', id }, `filters of type '${variable.type}' are not supported`);
  }
  if (variable.type === 'textbox') return textbox(variable, board, id, label);
  return variable.multi ? several(variable, board, id, label) : one(variable, board, id, label);
}

function textbox(variable, board, id, label) {
  const field = element('input', { id, value: String(variable.value), 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
  const choose = () => {
    if (field.value !== variable.value) board.chooseVariable(variable.name, [field.value]);
  };
  field.addEventListener('change', choose);
  return field;
}

function choices(variable) {
  const all = variable.definition.includeAll ? [{ text: 'All', value: ALL }] : [];
  return [...all, ...variable.options];
}

function one(variable, board, id, label) {
  const value = String([variable.value].flat()[0] ?? '');
  const options = choices(variable).map((option) => element('option', { value: option.value }, option.text));
  const select = element('select', { id, 'aria-label': label }, options.length ? options : element('option', { value: '' }, 'None'));
  select.value = value;
  select.addEventListener('change', () => board.chooseVariable(variable.name, [select.value]));
  return select;
}

/** Takes effect when the box closes, so that ticking three boxes asks once. */
function several(variable, board, id, label) {
  const chosen = [variable.value].flat();
  const text = variable.isAll() ? 'All' : [variable.text()].flat().join(' + ') || 'None';
  const opener = element('button', { type: 'button', id, class: 'several', 'aria-label': `${label}: ${text}`, title: text }, element('span', {}, text), icon('down'));
  let next = new Set(chosen);
  const build = () => {
    next = new Set(chosen);
    return checkboxes(variable, next, label);
  };
  const onClose = () => {
    const values = choices(variable).map((option) => option.value).filter((value) => next.has(value));
    if (values.join('\n') !== chosen.join('\n') && values.length > 0) board.chooseVariable(variable.name, values);
  };
  attachPopover(opener, label, build, { onClose });
  return opener;
}

function checkboxes(variable, next, label) {
  const list = element('div', { class: 'checks', role: 'group', 'aria-label': label });
  const fill = (wanted) => {
    const fitting = choices(variable).filter(({ text }) => text.toLowerCase().includes(wanted.trim().toLowerCase()));
    list.replaceChildren(...fitting.map((option) => checkbox(option, next, () => fill(filter.value))));
  };
  const filter = element('input', { type: 'search', placeholder: 'Search', 'aria-label': `Search ${label}`, on: { input: () => fill(filter.value) } });
  fill('');
  return element('div', { class: 'several-box' }, choices(variable).length > 6 ? filter : null, list);
}

/** "All" and single values exclude each other. */
function checkbox({ text, value }, next, redraw) {
  const box = element('input', { type: 'checkbox', checked: next.has(value), value });
  box.addEventListener('change', () => {
    if (value === ALL && box.checked) next.clear();
    if (box.checked) next.add(value);
    else next.delete(value);
    if (value !== ALL) next.delete(ALL);
    redraw();
    document.querySelector(`.checks input[value="${CSS.escape(value)}"]`)?.focus();
  });
  return element('label', { class: 'check' }, box, element('span', {}, text));
}

function annotationSwitches(board) {
  return board.annotationLists.switches().map((list) => {
    const box = element('input', { type: 'checkbox', checked: list.shown, role: 'switch' });
    box.addEventListener('change', () => {
      board.annotationLists.toggle(list);
      board.refreshAll();
    });
    return element('label', { class: 'variable switch' }, box, element('span', {}, list.definition.name));
  });
}

/** Links to other pages; those that would list dashboards by tag lead to the list. */
function links(board) {
  return (board.dashboard.links ?? []).filter((link) => link.type === 'link' && link.url).map((link, at) => {
    const url = new URL(board.variables.text(link.url), location.href);
    if (link.keepTime) for (const name of ['from', 'to']) url.searchParams.set(name, board.raw[name]);
    if (link.includeVars) for (const [name, values] of board.variables.parameters()) for (const value of values) url.searchParams.append(name, value);
    const href = safeAddress(url.href);
    const isShown = isOwn(url, board) && ['from', 'to'].every((name) => url.searchParams.get(name) === board.raw[name]);
    return href && anchor(link, href, { id: `dashboard-link-${at}`, isShown, click: (event) => stay(event, link, url, board) });
  }).filter(Boolean);
}

function anchor(link, href, { id, isShown, click }) {
  const elsewhere = link.targetBlank ? { target: '_blank', rel: 'noopener noreferrer' } : {};
  const mark = link.targetBlank ? icon('external') : null;
  return element('a', { id, class: 'variable dashboard-link', href, title: link.tooltip || null, 'aria-current': isShown ? 'true' : null, ...elsewhere, on: { click } }, mark, link.title || link.url);
}

function isOwn(url, board) {
  return url.origin === location.origin && routeOf(url).uid === board.dashboard.uid;
}

/** A link to the same dashboard changes what it shows, without loading it anew. */
function stay(event, link, url, board) {
  if (!isOwn(url, board) || link.targetBlank || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  pushAddress(url.searchParams);
  board.adopt(url.searchParams);
}
