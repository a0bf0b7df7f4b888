// The `text` panel: Markdown, HTML of text only, or code as it is; variables in it are the page's.

import { element } from '../../dom.js';
import { html } from './html.js';
import { markdown } from './markdown.js';

const MODES = { markdown, html, code: (text) => [element('pre', {}, element('code', {}, text))] };

export function mount(body, panel, context) {
  const { content = '', mode = 'markdown' } = panel.options ?? {};
  const root = element('div', { class: 'panel-text', tabindex: '0' });
  body.replaceChildren(root);
  let written = null;

  const write = () => {
    const text = context.interpolate ? context.interpolate(content, {}) : content;
    if (text === written) return;
    written = text;
    root.replaceChildren(...(MODES[mode] ?? markdown)(text));
  };
  write();
  return { update: write, resize() {}, destroy: () => root.remove() };
}
