// The page of one dashboard: what its panels share, and what happens when range, variables or address change.

import { getJson, onConnection, postJson } from './api.js';
import { Annotations } from './annotations.js';
import { crosshairBus } from './crosshair.js';
import { datasourceResolver } from './datasources.js';
import { element } from './dom.js';
import { framesOf } from './frames.js';
import { copy } from './panel/inspect.js';
import { Refresher } from './refresh.js';
import { address, parametersOf, pushAddress } from './router.js';
import { onThemeChange, showTheme, theme } from './theme.js';
import { durationMs } from './time/interval.js';
import { fixed, resolve as resolveRange } from './time/range.js';
import { zoneName } from './time/zone.js';
import { Variables } from './variables/variables.js';
import { Grid } from './view/grid.js';
import { connectionBanner } from './view/banner.js';
import { toast } from './view/toast.js';
import { Toolbar } from './view/toolbar.js';

const FALLBACK_RANGE = { from: 'now-6h', to: 'now' };

/** Loads the dashboard `uid` into `root`; returns the page. */
export async function openDashboard(root, uid, about) {
  const [{ dashboard, meta }, datasources] = await Promise.all([
    getJson(`/api/dashboards/uid/${encodeURIComponent(uid)}`),
    getJson('/api/datasources'),
  ]);
  const page = new DashboardPage(root, dashboard, meta, datasources, about);
  await page.start();
  return page;
}

export class DashboardPage {
  constructor(root, dashboard, meta, datasources, { user }) {
    this.dashboard = dashboard;
    this.meta = meta;
    this.zone = zoneName(dashboard.timezone);
    this.variables = new Variables(dashboard.templating?.list ?? [], {
      ask: (definition, query) => this.askVariable(definition, query),
      datasources,
      range: () => this.moment.range,
      dashboard,
      user,
      timezone: this.zone,
    });
    this.resolve = datasourceResolver(datasources, dashboard, (text) => this.variables.text(text));
    this.annotationLists = new Annotations(dashboard.annotations?.list ?? [], this);
    this.crosshair = crosshairBus(dashboard.graphTooltip ?? 0);
    this.refresher = new Refresher(() => this.tick());
    this.generation = 0;
    this.watching = [];
    this.root = root;
  }

  async start() {
    document.title = `${this.dashboard.title}: uwsgi-lab`;
    const parameters = parametersOf(location);
    this.readRange(parameters);
    this.viewPanel = parameters.get('viewPanel');
    this.stopped = false;
    await this.variables.start(parameters);
    this.toolbar = new Toolbar(this);
    this.main = element('main', { class: 'dashboard', id: 'main' });
    this.root.replaceChildren(connectionBanner(() => this.refreshAll()), this.toolbar.element, this.main);
    this.grid = new Grid(this.main, this);
    this.grid.build();
    this.watching.push(onThemeChange(() => this.grid.remount()));
    this.watching.push(onConnection((isUp) => this.refresher.hold(!isUp)));
    this.refresher.set(this.readRefresh(parameters));
    this.toolbar.show();
    await this.tick();
  }

  close() {
    this.stopped = true;
    this.refresher.set(null);
    this.grid?.destroy();
    for (const stop of this.watching) stop();
  }

  // Time

  /** The range of the address, else the dashboard's own. */
  readRange(parameters) {
    const wanted = { from: parameters.get('from'), to: parameters.get('to') };
    const own = { ...FALLBACK_RANGE, ...this.dashboard.time };
    this.raw = { from: wanted.from ?? own.from, to: wanted.to ?? own.to };
    if (resolveRange(this.raw, this.clock())) {
      this.moment = this.now();
      return;
    }
    if (wanted.from || wanted.to) toast(`The address has no valid time range: '${this.raw.from}' to '${this.raw.to}'`);
    this.raw = resolveRange(own, this.clock()) ? own : FALLBACK_RANGE;
    this.moment = this.now();
  }

  clock() {
    return { now: Date.now(), zone: this.zone, weekStart: this.dashboard.weekStart };
  }

  /** `{range, now, key}`: what to ask for if one asks now; `key` changes with anything but the clock. */
  now() {
    const clock = this.clock();
    const range = resolveRange(this.raw, clock) ?? this.moment.range;
    return { range, now: clock.now, key: `${this.generation}` };
  }

  setRange(raw) {
    if (!resolveRange(raw, this.clock())) return toast('The range must begin before it ends');
    this.raw = raw;
    this.generation += 1;
    this.pushState();
    return this.rangeChanged();
  }

  async rangeChanged() {
    this.moment = this.now();
    this.toolbar.show();
    const changed = await this.variables.rangeChanged();
    if (changed.length > 0) this.variablesShown();
    await this.refreshAll();
  }

  zoom(from, to) {
    // a range of a few milliseconds holds no data and can't be zoomed out of by the same gesture
    if (to - from >= 1) this.setRange(fixed(from, Math.max(to, from + 1000)));
  }

  // Refreshing

  readRefresh(parameters) {
    const given = parameters.get('refresh') ?? this.dashboard.refresh;
    return durationMs(given || '') ? given : null;
  }

  setRefresh(text) {
    this.refresher.set(text);
    this.pushState();
    this.toolbar.show();
  }

  /** Asks for everything in view, once; resolves when all have answered. */
  tick() {
    if (this.stopped) return undefined;
    this.moment = this.now();
    this.toolbar.tick();
    return this.grid.refresh(this.moment);
  }

  async refreshAll() {
    this.annotationLists.expire();
    await this.refresher.now();
  }

  // Variables

  async askVariable(definition, query) {
    const source = this.resolve(definition.datasource);
    if (source?.type !== 'influxdb') throw new Error('its data source is not an InfluxDB of this server');
    if (!query) throw new Error('its query is empty');
    const { from, to } = this.now().range;
    const asked = { refId: 'A', datasource: { type: source.type, uid: source.uid }, query, rawQuery: true, intervalMs: 1000, maxDataPoints: 1000 };
    const answer = await postJson('/api/ds/query', { from: String(from), to: String(to), queries: [asked] });
    return framesOf(answer, ['A']);
  }

  async chooseVariable(name, values) {
    await this.variables.choose(name, values);
    this.generation += 1;
    this.pushState();
    this.variablesShown();
    await this.refreshAll();
  }

  variablesShown() {
    this.toolbar.showVariables();
    this.grid.variablesChanged();
  }

  // Address

  pushState() {
    pushAddress(this.parameters());
  }

  parameters() {
    const parameters = new URLSearchParams();
    parameters.set('from', this.raw.from);
    parameters.set('to', this.raw.to);
    for (const [name, values] of this.variables.parameters()) {
      for (const value of values) parameters.append(name, value);
    }
    if (this.refresher.text) parameters.set('refresh', this.refresher.text);
    else if (this.dashboard.refresh) parameters.set('refresh', '');
    if (this.viewPanel) parameters.set('viewPanel', this.viewPanel);
    return parameters;
  }

  /** Back, forward, or an address typed for the same dashboard. */
  async adopt(parameters) {
    const before = JSON.stringify(this.raw);
    this.readRange(parameters);
    showTheme(parameters.get('theme'));
    const changed = await this.variables.adopt(parameters);
    if (changed || JSON.stringify(this.raw) !== before) this.generation += 1;
    this.refresher.set(this.readRefresh(parameters));
    if (parameters.get('viewPanel') !== this.viewPanel) this.showOnly(parameters.get('viewPanel'));
    this.toolbar.show();
    if (changed) this.variablesShown();
    await this.refreshAll();
  }

  // What panels ask of the page

  viewed() {
    return this.viewPanel;
  }

  /** Shows one panel alone, or all again. */
  view(model) {
    this.showOnly(model ? String(model.id) : null);
    this.pushState();
  }

  showOnly(id) {
    this.viewPanel = id;
    this.grid.build();
    this.toolbar.show();
    this.grid.refresh(this.moment);
  }

  annotations(range) {
    return this.annotationLists.within(range);
  }

  copyLink(model) {
    const parameters = this.parameters();
    parameters.set('from', String(this.moment.range.from));
    parameters.set('to', String(this.moment.range.to));
    parameters.set('viewPanel', String(model.id));
    copy(address(parameters));
  }

  context(frame) {
    return {
      theme: theme(),
      crosshair: this.crosshair,
      zoom: (from, to) => this.zoom(from, to),
      timeZone: this.zone,
      interpolate: (text, scoped) => this.variables.text(text, { ...frame.scoped, ...scoped }),
      toast,
    };
  }
}
