// A box that a button opens beneath itself, closed by Escape, a click elsewhere or leaving it by keyboard.

import { element } from '../dom.js';

let open = null;

/** Makes `trigger` open what `build(close)` returns; `label` names the box for screen readers. */
export function attachPopover(trigger, label, build, { role = 'dialog', onClose } = {}) {
  trigger.setAttribute('aria-haspopup', role === 'menu' ? 'menu' : 'dialog');
  trigger.setAttribute('aria-expanded', 'false');
  trigger.addEventListener('click', () => {
    if (open?.trigger === trigger) open.close();
    else show(trigger, label, build, role, onClose);
  });
}

export function closePopover() {
  open?.close();
}

function show(trigger, label, build, role, onClose) {
  open?.close();
  const box = element('div', { class: 'popover', role, 'aria-label': label, tabindex: '-1' });
  const watching = new AbortController();
  const close = ({ refocus = true } = {}) => {
    if (open?.box !== box) return;
    open = null;
    watching.abort();
    const hadFocus = box.contains(document.activeElement);
    box.remove();
    trigger.setAttribute('aria-expanded', 'false');
    if (refocus && hadFocus) trigger.focus();
    onClose?.();
  };
  open = { trigger, box, close };
  box.append(build(close));
  document.body.append(box);
  trigger.setAttribute('aria-expanded', 'true');
  place(box, trigger);
  watch(box, trigger, close, watching.signal);
  // on a touch screen a focused field would bring up the keyboard
  const first = box.querySelector('[data-first]') ?? box.querySelector('button, input, select, a');
  (matchMedia('(pointer: coarse)').matches ? box : (first ?? box)).focus();
}

function watch(box, trigger, close, signal) {
  document.addEventListener('pointerdown', (event) => {
    if (!box.contains(event.target) && !trigger.contains(event.target)) close();
  }, { signal, capture: true });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  }, { signal });
  box.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget) && event.relatedTarget !== trigger) close({ refocus: false });
  }, { signal });
  addEventListener('resize', () => place(box, trigger), { signal });
}

/** Beneath the trigger, within the window. */
function place(box, trigger) {
  const at = trigger.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const left = Math.max(8, Math.min(at.left, width - box.offsetWidth - 8));
  const above = at.bottom + box.offsetHeight + 8 > innerHeight && at.top > box.offsetHeight + 8;
  box.style.left = `${left + scrollX}px`;
  box.style.top = `${(above ? at.top - box.offsetHeight - 4 : at.bottom + 4) + scrollY}px`;
}
