// Keyboard shortcuts, Grafana's where it has them; what they do is the page's business.

import { closePopover } from './view/popover.js';
import { isDialogOpen } from './view/dialog.js';
import { toggleTheme } from './theme.js';

/** How long the first key of a pair waits for the second. */
const PATIENCE_MS = 1000;

/** Keys, what they do, and how help describes it; `page` may be the list, which has no range. */
export const SHORTCUTS = [
  ['General', [
    ['?', 'Show this help', ({ showHelp }) => showHelp()],
    ['g h', 'Go to the home page', ({ navigate }) => navigate('/')],
    ['g d', 'Go to the list of dashboards', ({ navigate }) => navigate('/dashboards')],
    ['c t', 'Change between dark and light', () => toggleTheme()],
  ]],
  ['Time range', [
    ['t z', 'Zoom out', ({ page }) => page.toolbar?.zoomOut()],
    ['ctrl+z', 'Zoom out', ({ page }) => page.toolbar?.zoomOut()],
    ['t +', 'Zoom in', ({ page }) => page.toolbar?.zoomIn()],
    ['t -', 'Zoom out', ({ page }) => page.toolbar?.zoomOut()],
    ['t left', 'Move back by half the range', ({ page }) => page.toolbar?.shift(-1)],
    ['t right', 'Move forward by half the range', ({ page }) => page.toolbar?.shift(1)],
    ['t a', 'Make the range absolute', ({ page }) => page.toolbar?.makeAbsolute()],
  ]],
  ['Dashboard', [
    ['d r', 'Refresh all panels', ({ page }) => page.refreshAll?.()],
    ['d shift+e', 'Expand all rows', ({ page }) => page.grid?.collapseAll(false)],
    ['d shift+c', 'Collapse all rows', ({ page }) => page.grid?.collapseAll(true)],
    ['escape', 'Back from a panel to the dashboard', ({ page }) => page.viewed?.() && page.view(null)],
  ]],
  ['Panel under the pointer or with the focus', [
    ['v', 'View it alone, or all again', ({ page }) => page.grid?.current()?.toggleView()],
    ['i', 'Inspect its data', ({ page }) => page.grid?.current()?.inspect('data')],
    ['p r', 'Refresh it', ({ page }) => page.grid?.current()?.again()],
  ]],
];

/** Listens for the life of the window. `page()` is what is shown, or `null`. */
export function listenToKeys(page, actions) {
  const known = new Map(SHORTCUTS.flatMap(([, list]) => list).map(([keys, , act]) => [keys, act]));
  const firsts = new Set([...known.keys()].filter((keys) => keys.includes(' ')).map((keys) => keys.split(' ')[0]));
  let first = null;
  addEventListener('keydown', (event) => {
    const key = nameOf(event);
    if (!key || isTyping(event.target) || isDialogOpen()) return;
    const pair = first && performance.now() - first.at < PATIENCE_MS ? `${first.key} ${key}` : key;
    const act = known.get(pair) ?? known.get(key);
    first = !known.has(pair) && firsts.has(key) ? { key, at: performance.now() } : null;
    if (!act || !page()) return;
    event.preventDefault();
    closePopover();
    act({ ...actions, page: page() });
  });
}

function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (altKey || metaKey || ['Shift', 'Control', 'Alt', 'Meta'].includes(key)) return null;
  const name = key.replace(/^Arrow/, '').toLowerCase();
  const isLetter = /^[a-z]$/.test(name);
  return `${ctrlKey ? 'ctrl+' : ''}${shiftKey && isLetter ? 'shift+' : ''}${name}`;
}

function isTyping(target) {
  return target instanceof Element && target.closest('input, select, textarea, [contenteditable]') !== null;
}
