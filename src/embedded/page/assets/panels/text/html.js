// A text panel's HTML to elements, of which only tags of text stay: no scripts, styles, forms, frames, and no attributes but links.

import { element } from '../../dom.js';
import { safeAddress } from '../../view/markdown.js';

const KEPT = new Set(
  (
    'A ABBR B BLOCKQUOTE BR CENTER CODE DD DEL DIV DL DT EM H1 H2 H3 H4 H5 H6 HR I INS KBD LI MARK OL P PRE Q S SMALL SPAN STRONG ' +
    'SUB SUP TABLE TBODY TD TFOOT TH THEAD TR U UL'
  ).split(' '),
);
/** Their text is no text for readers. */
const DROPPED = new Set([
  'SCRIPT',
  'STYLE',
  'TEMPLATE',
  'NOSCRIPT',
  'IFRAME',
  'OBJECT',
  'HEAD',
  'TITLE',
  'SVG',
  'MATH',
  'TEXTAREA',
]);

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.textContent];
  if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.tagName.toUpperCase())) return [];
  const inside = [...node.childNodes].flatMap(copied);
  if (!KEPT.has(node.tagName)) return inside;
  const href = node.tagName === 'A' ? safeAddress(node.getAttribute('href') ?? '') : null;
  return [
    element(node.tagName.toLowerCase(), href ? { href, target: '_blank', rel: 'noopener noreferrer' } : {}, inside),
  ];
}

/** The parsed document is inert: nothing in it loads or runs. */
export function html(text) {
  return [...new DOMParser().parseFromString(String(text), 'text/html').body.childNodes].flatMap(copied);
}
