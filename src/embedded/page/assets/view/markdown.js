// The little Markdown of descriptions to elements: paragraphs, lists, links, emphasis, code; anything else is text.

import { element } from '../dom.js';

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Paragraphs and lists of a text. */
export function markdown(text) {
  const blocks = String(text).trim().split(/\n\s*\n/);
  return blocks.map((block) => {
    const lines = block.split('\n');
    const isList = lines.every((line) => /^\s*[-*] /.test(line));
    if (isList) return element('ul', {}, lines.map((line) => element('li', {}, inline(line.replace(/^\s*[-*] /, '')))));
    const heading = /^#{1,6} (.*)$/.exec(block);
    return heading ? element('h3', {}, inline(heading[1])) : element('p', {}, inline(block));
  });
}

function inline(text) {
  const nodes = [];
  let rest = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(rest, match.index), styled(match));
    rest = match.index + match[0].length;
  }
  return [...nodes, text.slice(rest)];
}

function styled([whole, code, strong, emphasis, label, address]) {
  if (code) return element('code', {}, code);
  if (strong) return element('strong', {}, strong);
  if (emphasis) return element('em', {}, emphasis);
  const href = safeAddress(address);
  return href ? element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label) : whole;
}

/** The address when it leads to a page, `null` when it would run code. */
export function safeAddress(address) {
  try {
    const url = new URL(address, location.href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
