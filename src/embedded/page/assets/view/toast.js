// Short messages at the edge of the page, also for screen readers.

import { element } from '../dom.js';

const SHOWN_MS = 5000;

/** Says `message` for some seconds. */
export function toast(message) {
  let area = document.getElementById('toasts');
  if (!area) {
    area = element('div', { id: 'toasts', role: 'status', 'aria-live': 'polite' });
    document.body.append(area);
  }
  const shown = element('p', {}, message);
  area.append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}
