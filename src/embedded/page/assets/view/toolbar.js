// The bar above a dashboard: where one is, the time range, refreshing, and the variables below.

import { button, element, icon } from '../dom.js';
import { REFRESH_INTERVALS } from '../refresh.js';
import { durationMs } from '../time/interval.js';
import { describe, fixed, shifted, stamp, zoomedOut } from '../time/range.js';
import { pageActions } from './actions.js';
import { attachPopover } from './popover.js';
import { timePicker } from './timepicker.js';
import { variableControls } from './variables.js';

export class Toolbar {
  constructor(board) {
    this.board = board;
    this.range = element('span', { class: 'range-text' });
    this.picker = element('button', { type: 'button', class: 'range' }, icon('clock'), this.range, icon('down'));
    attachPopover(this.picker, 'Time range', (close) => timePicker(board, close));
    this.refresh = element('select', { class: 'refresh-interval', 'aria-label': 'Refresh interval', title: 'Refresh interval', on: { change: () => board.setRefresh(this.refresh.value) } });
    this.again = button('Refresh all panels', { class: 'refresh-now', on: { click: () => board.refreshAll() } }, icon('refresh'));
    this.controls = element('div', { class: 'toolbar-row controls' });
    this.element = element('header', { class: 'toolbar' }, this.mainRow(), this.controls);
    this.fillIntervals();
    this.showVariables();
  }

  mainRow() {
    const { dashboard, meta } = this.board;
    const folder = meta.folderUid ? element('span', { class: 'weak crumb' }, meta.folderTitle) : null;
    return element(
      'div',
      { class: 'toolbar-row' },
      element('a', { class: 'plain', href: '/dashboards', title: 'All dashboards', 'aria-label': 'All dashboards' }, icon('home')),
      folder && [folder, element('span', { class: 'weak crumb', 'aria-hidden': 'true' }, '/')],
      element('h1', { class: 'toolbar-title', title: dashboard.description ?? dashboard.title }, dashboard.title),
      element('div', { class: 'toolbar-space' }),
      element('div', { class: 'toolbar-group joined' },
        button('Move back by half the range', { class: 'shift-back', on: { click: () => this.shift(-1) } }, icon('left')),
        this.picker,
        button('Move forward by half the range', { class: 'shift-forward', on: { click: () => this.shift(1) } }, icon('right')),
        button('Zoom out', { class: 'zoom-out', on: { click: () => this.zoomOut() } }, icon('zoomOut'))),
      element('div', { class: 'toolbar-group joined' }, this.again, this.refresh),
      pageActions(),
    );
  }

  fillIntervals() {
    const own = this.board.dashboard.timepicker?.refresh_intervals ?? REFRESH_INTERVALS;
    const known = new Set(['1s', '5s', '10s', '30s', '1m', ...own, this.board.dashboard.refresh].filter((text) => durationMs(text || '')));
    const texts = [...known].sort((one, other) => durationMs(one) - durationMs(other));
    this.refresh.replaceChildren(element('option', { value: '' }, 'Off'), ...texts.map((text) => element('option', { value: text }, text)));
  }

  /** The range and the interval as they are. */
  show() {
    const { raw, moment, zone, refresher } = this.board;
    this.range.textContent = describe(raw, zone);
    this.picker.title = `${stamp(moment.range.from, zone)} to ${stamp(moment.range.to, zone)} (${zone})`;
    const text = refresher.text ?? '';
    if (![...this.refresh.options].some((option) => option.value === text)) this.refresh.append(element('option', { value: text }, text));
    this.refresh.value = text;
    this.showVariables();
  }

  tick() {
    const { moment, zone } = this.board;
    this.picker.title = `${stamp(moment.range.from, zone)} to ${stamp(moment.range.to, zone)} (${zone})`;
  }

  showVariables() {
    const focused = this.controls.contains(document.activeElement) ? document.activeElement.id : null;
    this.controls.replaceChildren(...variableControls(this.board));
    this.controls.hidden = this.controls.childElementCount === 0;
    if (focused) document.getElementById(focused)?.focus();
  }

  zoomOut() {
    this.board.setRange(zoomedOut(this.board.now().range, Date.now()));
  }

  zoomIn() {
    const { from, to } = this.board.now().range;
    const quarter = (to - from) / 4;
    this.board.zoom(from + quarter, to - quarter);
  }

  shift(direction) {
    this.board.setRange(shifted(this.board.now().range, direction, Date.now()));
  }

  makeAbsolute() {
    const { from, to } = this.board.now().range;
    this.board.setRange(fixed(from, to));
  }
}
