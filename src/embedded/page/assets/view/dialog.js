// A modal dialog with a title and a way out; what is in it is the caller's.

import { button, element, icon } from '../dom.js';

let shown = null;

/** Shows `content` until it is closed; at most one dialog is open. Returns what closes it. */
export function openDialog(title, content, { wide = false } = {}) {
  shown?.close();
  const close = () => dialog.close();
  const heading = element('h2', { id: 'dialog-title' }, title);
  const bar = element('header', {}, heading, button('Close', { class: 'plain', on: { click: close } }, icon('close')));
  const dialog = element('dialog', { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': 'dialog-title' }, bar, content);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (shown === dialog) shown = null;
  });
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog) close();
  });
  document.body.append(dialog);
  shown = dialog;
  dialog.showModal();
  return close;
}

export function isDialogOpen() {
  return shown !== null;
}
