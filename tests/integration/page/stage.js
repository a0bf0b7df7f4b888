// A panel in a body of its own, and what tests see of it and do to it.

import { channels } from '/panels/model/colours.js';
import { panelKind } from '/panels/index.js';
import { normalise } from '/panels/normalise.js';
import { context, data } from './frames.js';

export const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

/** The panel in a body of 600 × 300, with what it was given last. */
export async function shown(model, frames, more = {}) {
  const body = document.createElement('div');
  Object.assign(body.style, { position: 'absolute', top: '0', left: '0', width: '600px', height: '300px' });
  document.body.append(body);
  const panel = normalise(model);
  const given = context(more.context);
  const mounted = panelKind(panel).mount(body, panel, given);
  mounted.resize(600, 300);
  mounted.update(data(frames, more.data));
  await frame();
  return {
    body,
    given,
    mounted,
    over: body.querySelector('.u-over'),
    find: (selector) => body.querySelector(selector),
    texts: (selector) => [...body.querySelectorAll(selector)].map((node) => node.textContent),
    end() {
      mounted.destroy();
      body.remove();
    },
  };
}

/** How many pixels of the panel's canvas have about that colour. */
export function pixels(view, css) {
  const canvas = view.find('canvas');
  const wanted = channels(css);
  // A copy, because reading a canvas turns off its acceleration
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data: bytes } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    if (bytes[at + 3] > 100 && [0, 1, 2].every((channel) => Math.abs(bytes[at + channel] - wanted[channel]) < 24))
      count += 1;
  }
  return count;
}

export function point(view, type, x, y, more = {}) {
  const box = view.over.getBoundingClientRect();
  view.over.dispatchEvent(
    new MouseEvent(type, {
      bubbles: true,
      clientX: box.left + x * box.width,
      clientY: box.top + y * box.height,
      ...more,
    }),
  );
}

export const tooltip = () => document.querySelector('.panel-tooltip');
