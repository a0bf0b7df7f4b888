// The line that says that the server is away, and notices when it is back.

import { isAlive, onConnection } from '../api.js';
import { element } from '../dom.js';

const RETRY_MS = 2000;

/** Calls `back()` when the server answers again. */
export function connectionBanner(back) {
  const banner = element('p', { class: 'banner', role: 'alert', hidden: true });
  let waiting = false;
  const wait = async () => {
    if (!banner.isConnected) return;
    if (!document.hidden && (await isAlive())) {
      waiting = false;
      banner.hidden = true;
      banner.textContent = '';
      back();
      return;
    }
    setTimeout(wait, RETRY_MS);
  };
  onConnection((isUp) => {
    if (isUp || waiting) return;
    waiting = true;
    banner.textContent = 'The dashboard server does not answer. Trying again every 2 seconds; what you see is as old as its last answer.';
    banner.hidden = false;
    setTimeout(wait, RETRY_MS);
  });
  return banner;
}
