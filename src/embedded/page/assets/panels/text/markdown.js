// A text panel's Markdown to elements: headings, lists, quotes, code, links, emphasis; markup in it stays text.

import { element } from '../../dom.js';
import { safeAddress } from '../../view/markdown.js';

const INLINE = new RegExp(
  [
    /`([^`]+)`/,
    /\*\*(.+?)\*\*(?!\*)/,
    /__(.+?)__/,
    /\*([^*\s][^*]*)\*/,
    /_([^_\s][^_]*)_/,
    /~~(.+?)~~/,
    /\[([^\]]*)\]\(([^)\s]+)(?:\s+"[^"]*")?\)/,
    /(https?:\/\/[^\s<>)]+)/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

function link(address, content, typed) {
  const href = safeAddress(address);
  return href ? element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, content) : typed;
}

function styled([typed, code, strong, underlined, emphasis, slanted, struck, label, address, bare]) {
  if (code) return element('code', {}, code);
  if (strong ?? underlined) return element('strong', {}, inline(strong ?? underlined));
  if (emphasis ?? slanted) return element('em', {}, inline(emphasis ?? slanted));
  if (struck) return element('s', {}, inline(struck));
  return bare ? link(bare, bare, typed) : link(address, inline(label), typed);
}

function inline(text) {
  const nodes = [];
  let rest = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(rest, match.index), styled(match));
    rest = match.index + match[0].length;
  }
  return [...nodes, text.slice(rest)].filter((node) => node !== '');
}

const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(.*)$/;

/** Items deeper than the first one belong to the item before them. */
function list(lines) {
  const depth = ITEM.exec(lines[0])[1].length;
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= depth) items.push({ text: item[3], below: [] });
    else if (item) items.at(-1).below.push(line);
    else items.at(-1).text += ` ${line.trim()}`;
  }
  const made = items.map(({ text, below }) => element('li', {}, inline(text), below.length ? list(below) : []));
  return element(ITEM.exec(lines[0])[2] ? 'ol' : 'ul', {}, made);
}

function table(lines) {
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim());
  const [head, , ...rows] = lines;
  const row = (tag) => (line) =>
    element(
      'tr',
      {},
      cells(line).map((cell) => element(tag, {}, inline(cell))),
    );
  return element('table', {}, element('thead', {}, row('th')(head)), element('tbody', {}, rows.map(row('td'))));
}

/** Each kind of block: how its first line looks, how long it lasts, what it becomes. */
const BLOCKS = [
  {
    begins: /^```/,
    lasts: (line, at) => at === 0 || !/^```\s*$/.test(line),
    closes: true,
    make: (lines) => element('pre', {}, element('code', {}, lines.slice(1).join('\n'))),
  },
  {
    begins: /^#{1,6}\s/,
    lasts: (_, at) => at === 0,
    make: ([line]) =>
      element(`h${/^#+/.exec(line)[0].length}`, {}, inline(line.replace(/^#+\s+/, '').replace(/\s+#+$/, ''))),
  },
  { begins: /^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/, lasts: (_, at) => at === 0, make: () => element('hr') },
  {
    begins: /^>/,
    lasts: (line) => /^>/.test(line),
    make: (lines) => element('blockquote', {}, markdown(lines.map((line) => line.replace(/^>\s?/, '')).join('\n'))),
  },
  { begins: ITEM, lasts: (line) => line.trim() !== '', make: list },
  {
    begins: /^\|.*\|\s*$/,
    lasts: (line) => /^\|/.test(line),
    make: (lines) => (/^\|[\s:|-]+$/.test(lines[1] ?? '') ? table(lines) : element('p', {}, inline(lines.join(' ')))),
  },
];
const PARAGRAPH = {
  lasts: (line, at) => line.trim() !== '' && (at === 0 || !BLOCKS.some(({ begins }) => begins.test(line))),
  make: (lines) => element('p', {}, inline(lines.join('\n'))),
};

/** The blocks of a text as elements. */
export function markdown(text) {
  const lines = String(text).replace(/\r\n?/g, '\n').split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === '') {
      at += 1;
      continue;
    }
    const kind = BLOCKS.find(({ begins }) => begins.test(lines[at])) ?? PARAGRAPH;
    let end = at;
    while (end < lines.length && kind.lasts(lines[end], end - at)) end += 1;
    blocks.push(kind.make(lines.slice(at, end)));
    at = end + (kind.closes ? 1 : 0);
  }
  return blocks;
}
