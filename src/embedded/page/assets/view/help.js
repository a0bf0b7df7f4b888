// The dialog that lists the keyboard shortcuts.

import { element } from '../dom.js';
import { SHORTCUTS } from '../keyboard.js';
import { openDialog } from './dialog.js';

export function showHelp() {
  const groups = SHORTCUTS.map(([title, shortcuts]) => [
    element('h3', {}, title),
    element('dl', { class: 'shortcuts' }, shortcuts.map(([keys, meaning]) => [
      element('dt', {}, keys.split(' ').map((key) => element('kbd', {}, shown(key)))),
      element('dd', {}, meaning),
    ])),
  ]);
  const drag = element('p', { class: 'weak' }, 'Drag across a chart to zoom into that time.');
  openDialog('Keyboard shortcuts', element('div', { class: 'help' }, groups, drag));
}

function shown(key) {
  const names = { left: '←', right: '→', escape: 'esc' };
  return names[key] ?? key.replace(/shift\+(.)/, (_, letter) => letter.toUpperCase());
}
