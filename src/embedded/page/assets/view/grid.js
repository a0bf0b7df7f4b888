// The dashboard's rows and panels on the page: placing, folding, and telling panels when they are in view.

import { button, element, icon } from '../dom.js';
import { sectionsOf } from '../grid.js';
import { PanelFrame } from '../panel/frame.js';

/** Panels a little below the window ask already, so that scrolling finds them drawn. */
const EARLY = '200px 0px';

export class Grid {
  constructor(root, board) {
    this.root = root;
    this.board = board;
    this.frames = [];
    this.folded = new Map();
    this.hovered = null;
    this.shape = null;
  }

  /** Builds everything anew: the whole dashboard, or the one panel that is viewed alone. */
  build() {
    this.clear();
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: EARLY });
    const sections = sectionsOf(this.board.dashboard, this.board.variables);
    this.shape = this.shapeNow();
    const viewed = this.board.viewed();
    this.root.classList.toggle('viewing', Boolean(viewed));
    if (viewed) this.buildViewed(sections, viewed);
    else for (const [at, section] of sections.entries()) this.buildSection(section, at);
    if (this.frames.length === 0 && sections.length === 0) {
      this.root.append(element('p', { class: 'page-message' }, 'This dashboard has no panels.'));
    }
  }

  buildViewed(sections, id) {
    const all = sections.flatMap((section) => section.panels);
    const panel = all.find(({ model }) => String(model.id) === id);
    const back = button('Back to the dashboard', { class: 'back', on: { click: () => this.board.view(null) } }, icon('back'), ' Back to the dashboard');
    if (panel) this.root.append(back, this.frame(panel).element);
    else this.root.append(back, element('p', { class: 'page-message' }, `This dashboard has no panel ${id}.`));
  }

  buildSection(section, at) {
    const place = element('div', { class: 'grid' });
    const open = () => {
      if (place.childElementCount > 0) return;
      for (const panel of section.panels) place.append(this.placed(panel));
    };
    const shut = () => {
      for (const frame of this.frames.filter((one) => place.contains(one.element))) this.drop(frame);
    };
    if (!section.row) {
      open();
      this.root.append(place);
      return;
    }
    const key = `${section.row.id}-${at}`;
    const fold = (folded) => {
      this.folded.set(key, folded);
      heading.setAttribute('aria-expanded', String(!folded));
      place.hidden = folded;
      if (folded) shut();
      else open();
    };
    const count = `(${section.panels.length} ${section.panels.length === 1 ? 'panel' : 'panels'})`;
    const title = element('span', {}, this.board.variables.text(section.row.title ?? '', section.scoped) || 'Row');
    const heading = element('button', { type: 'button', class: 'row-heading', on: { click: () => { fold(!this.folded.get(key)); this.refreshStale(); } } }, icon('right'), title, element('span', { class: 'weak row-count' }, count));
    this.root.append(element('section', { class: 'row', dataset: { row: section.row.id } }, element('h2', {}, heading), place));
    heading.fold = fold;
    fold(this.folded.get(key) ?? Boolean(section.row.collapsed));
  }

  placed(panel) {
    const frame = this.frame(panel);
    const { x, y, w, h } = panel.place;
    Object.assign(frame.element.style, { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}` });
    frame.element.style.setProperty('--rows', h);
    frame.element.classList.toggle('narrow', w <= 6);
    return frame.element;
  }

  frame({ model, scoped }) {
    const frame = new PanelFrame(model, this.board, scoped);
    frame.element.addEventListener('pointerenter', () => { this.hovered = frame; });
    frame.element.addEventListener('pointerleave', () => { if (this.hovered === frame) this.hovered = null; });
    this.frames.push(frame);
    this.watcher.observe(frame.element);
    return frame;
  }

  seen(entries) {
    for (const entry of entries) {
      const frame = this.frames.find((one) => one.element === entry.target);
      frame?.show(entry.isIntersecting);
    }
  }

  /** Asks for all panels in view; resolves when all have answered. */
  refresh(moment) {
    return Promise.all(this.frames.map((frame) => frame.refresh(moment)));
  }

  refreshStale() {
    const moment = this.board.moment;
    for (const frame of this.frames) if (!frame.wanted) frame.refresh(moment);
  }

  /** Titles change; where panels repeat, the panels themselves do. */
  variablesChanged() {
    if (this.shape !== this.shapeNow()) this.build();
    for (const frame of this.frames) frame.retitle();
  }

  /** What the arrangement hangs on: the values of variables that repeat something. */
  shapeNow() {
    const sections = sectionsOf(this.board.dashboard, this.board.variables);
    return JSON.stringify(sections.map(({ row, scoped, panels }) => [row?.id, scoped, panels.map((panel) => [panel.model.id, panel.scoped])]));
  }

  remount() {
    for (const frame of this.frames) frame.remount();
  }

  collapseAll(folded) {
    for (const heading of this.root.querySelectorAll('.row-heading')) heading.fold(folded);
    this.refreshStale();
  }

  /** The panel under the pointer, else the one with the focus. */
  current() {
    const frame = this.hovered ?? this.frames.find((one) => one.element.contains(document.activeElement));
    return frame && {
      toggleView: () => this.board.view(this.board.viewed() ? null : frame.model),
      inspect: (tab) => frame.inspect(tab),
      again: () => frame.refresh(this.board.now(), { force: true }),
    };
  }

  drop(frame) {
    this.watcher.unobserve(frame.element);
    frame.destroy();
    this.frames = this.frames.filter((one) => one !== frame);
    if (this.hovered === frame) this.hovered = null;
  }

  clear() {
    this.watcher?.disconnect();
    for (const frame of this.frames) frame.destroy();
    this.frames = [];
    this.hovered = null;
    this.root.replaceChildren();
  }

  destroy() {
    this.clear();
  }
}
