// One panel on the page: its frame, its questions to the server, and what it says when there is nothing to draw.

import { ApiError, postJson } from '../api.js';
import { button, element, icon } from '../dom.js';
import { errorOf, framesOf } from '../frames.js';
import { panelKind, whyNot } from '../panels/index.js';
import { normalise } from '../panels/normalise.js';
import { attachMenu } from '../view/menu.js';
import { markdown, safeAddress } from '../view/markdown.js';
import { attachPopover } from '../view/popover.js';
import { openInspector } from './inspect.js';
import { panelRequest } from './query.js';

const NARROWEST = 100;

/** `board`: what panels of a dashboard share, see dashboard.js. `scoped`: values of variables in this panel only. */
export class PanelFrame {
  constructor(model, board, scoped = {}) {
    this.model = model;
    this.board = board;
    this.scoped = scoped;
    this.panel = normalise(model, board.dashboard);
    this.inView = false;
    this.isStale = true;
    this.wanted = null;
    this.underWay = null;
    this.last = { frames: [], answer: null, body: null, error: null };
    this.build();
    this.mount();
  }

  build() {
    this.notice = element('div', { class: 'panel-notice', role: 'status' });
    this.body = element('div', { class: 'panel-body' });
    this.badge = element('span', { class: 'panel-badge' });
    this.heading = element('h2', { class: 'panel-title' });
    this.hint = element('span', { class: 'panel-hint' });
    this.header = element('header', { class: 'panel-header' }, this.heading, this.description(), this.hint, this.badge, this.links(), this.menu());
    const label = () => this.title() || `Panel ${this.model.id}`;
    this.element = element(
      'section',
      { class: 'panel', tabindex: '-1', 'aria-label': label(), dataset: { panelId: this.model.id, type: this.model.type } },
      this.header,
      element('div', { class: 'panel-content' }, this.body, this.notice),
      element('div', { class: 'panel-progress' }),
    );
    this.element.classList.toggle('transparent', Boolean(this.model.transparent));
    this.retitle();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.body);
  }

  title() {
    return this.board.variables.text(this.model.title ?? '', this.scoped);
  }

  retitle() {
    this.heading.textContent = this.title();
    this.header.classList.toggle('untitled', !this.title());
  }

  description() {
    if (!this.model.description) return null;
    const opener = button('Description', { class: 'plain panel-info' }, icon('info'));
    const text = () => element('div', { class: 'panel-description' }, markdown(this.board.variables.text(this.model.description, this.scoped)));
    opener.title = this.board.variables.text(this.model.description, this.scoped);
    attachPopover(opener, 'Description', text);
    return opener;
  }

  links() {
    const links = (this.model.links ?? []).filter((link) => link.url);
    return links.map((link) => {
      const href = safeAddress(this.board.variables.text(link.url, this.scoped));
      const title = this.board.variables.text(link.title || link.url, this.scoped);
      const target = link.targetBlank ? '_blank' : null;
      return href && element('a', { class: 'plain panel-link', href, title, 'aria-label': title, target, rel: 'noopener noreferrer' }, icon('external'));
    });
  }

  menu() {
    const opener = button(`Menu of ${this.title() || 'panel'}`, { class: 'plain panel-menu' }, icon('menu'));
    attachMenu(opener, 'Panel menu', () => [
      this.board.viewed() ? { label: 'Back to the dashboard', key: 'v', run: () => this.board.view(null) } : { label: 'View', key: 'v', run: () => this.board.view(this.model) },
      { label: 'Inspect data', key: 'i', run: () => this.inspect('data') },
      { label: 'Inspect query', run: () => this.inspect('query') },
      { label: 'Panel JSON', run: () => this.inspect('json') },
      null,
      { label: 'Copy link', run: () => this.board.copyLink(this.model) },
      { label: 'Refresh', run: () => this.refresh(this.board.now(), { force: true }) },
    ]);
    return opener;
  }

  inspect(tab) {
    openInspector(this, tab);
  }

  mount() {
    this.mounted?.destroy();
    this.mounted = null;
    this.body.replaceChildren();
    let kind = null;
    try {
      kind = panelKind(this.panel);
      this.refusal = kind ? null : whyNot(this.panel);
      if (kind) this.mounted = kind.mount(this.body, this.panel, this.board.context(this));
    } catch (error) {
      this.refusal = `This panel can't be drawn: ${error.message}`;
    }
    if (this.refusal) this.say('problem', this.refusal);
  }

  /** Draws anew what is there, as after a change of theme. */
  remount() {
    this.mount();
    if (this.mounted && this.last.data) this.draw(this.last.data);
  }

  resized() {
    const { clientWidth, clientHeight } = this.body;
    if (!this.mounted || clientWidth === 0 || clientHeight === 0) return;
    this.safely(() => this.mounted.resize(clientWidth, clientHeight));
  }

  /** Told by the page as the panel scrolls in and out of view. */
  show(inView) {
    this.inView = inView;
    if (inView && this.isStale && this.wanted) this.refresh(this.wanted);
  }

  /** Asks for `moment`, `{range, now}`, now or when the panel comes into view. Never asks twice at once. */
  async refresh(moment, { force = false } = {}) {
    this.wanted = moment;
    this.isStale = true;
    if (this.refusal || (!this.inView && !force)) return;
    if (this.underWay && !force && this.underWay.key === keyOf(moment)) return;
    this.underWay?.controller.abort();
    const turn = { controller: new AbortController(), key: keyOf(moment) };
    this.underWay = turn;
    this.isStale = false;
    this.element.setAttribute('aria-busy', 'true');
    try {
      await this.ask(moment, turn.controller.signal);
    } catch (error) {
      if (error.name !== 'AbortError') this.fail(error.message);
    } finally {
      if (this.underWay === turn) {
        this.underWay = null;
        this.element.removeAttribute('aria-busy');
      }
    }
  }

  async ask({ range, now }, signal) {
    const points = Math.max(this.body.clientWidth, NARROWEST);
    const request = panelRequest(this.panel, this.board, { range, now, points, scoped: this.scoped });
    this.hint.textContent = request.hint ?? '';
    if (request.reason) return this.refuse(request.reason);
    if (request.silent) return this.take({ frames: [], range, intervalMs: 1000, annotations: [], state: 'done' });
    this.last.body = request.body;
    const [answer, annotations] = await Promise.all([this.answer(request.body, signal), this.board.annotations(request.range)]);
    signal.throwIfAborted();
    this.last.answer = answer;
    const error = errorOf(answer, request.refIds);
    const frames = framesOf(answer, request.refIds);
    if (error && frames.length === 0) return this.fail(error);
    this.take({ frames, range: request.range, intervalMs: request.intervalMs, annotations, state: error ? 'error' : 'done', error });
    return undefined;
  }

  /** The body of a failed query too, which says which query failed and why. */
  async answer(body, signal) {
    try {
      return await postJson('/api/ds/query', body, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.body?.results) return error.body;
      throw error;
    }
  }

  take(data) {
    this.last.frames = data.frames;
    this.last.data = data;
    this.last.error = data.error ?? null;
    this.mark(data.error);
    const isEmpty = data.frames.length > 0 || this.panel.targets?.length ? !hasValues(data.frames) : false;
    if (isEmpty) this.say('empty', this.panel.fieldConfig?.defaults?.noValue || 'No data');
    else this.say(null, '');
    this.draw(data);
  }

  draw(data) {
    this.safely(() => this.mounted?.update({ ...data, annotations: data.annotations ?? [] }));
  }

  /** A panel whose drawing fails says so and leaves the others alone. */
  safely(act) {
    try {
      act();
    } catch (error) {
      this.last.error = error.message;
      this.say('problem', `This panel can't be drawn: ${error.message}`);
    }
  }

  refuse(reason) {
    this.last.error = reason;
    this.say('problem', reason);
  }

  /** What was drawn stays, with a mark; a panel that never drew anything says what is wrong. */
  fail(message) {
    this.last.error = message;
    if (this.last.data && hasValues(this.last.frames)) this.mark(message);
    else this.say('problem', message);
  }

  mark(message) {
    this.element.classList.toggle('failing', Boolean(message));
    if (!message) {
      this.badge.replaceChildren();
      return;
    }
    const opener = button(`Error: ${message}`, { class: 'plain panel-error', on: { click: () => this.inspect('error') } }, icon('error'));
    this.badge.replaceChildren(opener);
  }

  say(kind, text) {
    const shown = kind === 'problem' ? [icon('error'), element('span', {}, text)] : [element('span', {}, text)];
    this.element.dataset.state = kind ?? 'drawn';
    this.notice.replaceChildren(...(kind ? shown : []));
    if (kind === 'problem') this.mark(null);
  }

  destroy() {
    this.underWay?.controller.abort();
    this.sizes.disconnect();
    this.mounted?.destroy();
    this.mounted = null;
    this.element.remove();
  }
}

function keyOf({ key }) {
  return key;
}

function hasValues(frames) {
  return frames.some((frame) => frame.fields.some((field) => field.type !== 'time' && field.values.some((value) => value !== null)));
}
