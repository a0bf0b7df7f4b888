// Events over time: which ones a dashboard's annotation lists ask for, kept for the range they were asked for.

import { getJson, postJson } from './api.js';
import { framesOf } from './frames.js';

const BETWEEN = '; ';

/** The lists of a dashboard with what is shown of each; `board` as in dashboard.js. */
export class Annotations {
  constructor(definitions, board) {
    this.board = board;
    this.lists = definitions.map((definition) => ({ definition, shown: definition.enable !== false }));
    this.asked = { key: null, events: Promise.resolve([]) };
    this.problem = null;
  }

  /** Lists that the page offers to switch on and off. */
  switches() {
    return this.lists.filter(({ definition }) => !definition.hide && definition.builtIn !== 1);
  }

  toggle(list) {
    list.shown = !list.shown;
    this.asked.key = null;
  }

  /** Drops what is kept, so that the next question is asked anew. */
  expire() {
    this.asked.key = null;
  }

  /** `[{time, timeEnd, title, text, tags, color}]` in the range, oldest first; failures leave the list empty. */
  within(range) {
    const key = `${range.from}-${range.to}`;
    if (this.asked.key !== key) this.asked = { key, events: this.find(range) };
    return this.asked.events;
  }

  async find(range) {
    this.problem = null;
    const shown = this.lists.filter((list) => list.shown);
    const found = await Promise.all(shown.map(({ definition }) => this.of(definition, range)));
    const unique = new Map(found.flat().map((event) => [event.id ?? event, event]));
    return [...unique.values()].sort((one, other) => one.time - other.time);
  }

  async of(definition, range) {
    try {
      const source = definition.datasource?.type ?? definition.datasource;
      const isOwn = definition.builtIn === 1 || /grafana/i.test(String(source ?? 'grafana'));
      const events = isOwn ? await this.stored(definition, range) : await this.queried(definition, range);
      return events.map((event) => ({ title: definition.name, color: definition.iconColor, ...event }));
    } catch (error) {
      this.problem = `${definition.name}: ${error.message}`;
      return [];
    }
  }

  async stored({ target = {}, type }, range) {
    const query = new URLSearchParams({ from: range.from, to: range.to, limit: target.limit ?? 100 });
    const byTags = (target.type ?? type) === 'tags';
    if (byTags) {
      for (const tag of target.tags ?? []) query.append('tags', this.board.variables.text(tag));
      query.set('matchAny', String(Boolean(target.matchAny)));
    } else {
      query.set('dashboardUID', this.board.dashboard.uid);
    }
    const events = await getJson(`/api/annotations?${query}`);
    return events.map(({ id, time, timeEnd, text, tags }) => ({ id, time, timeEnd: timeEnd || time, text, tags }));
  }

  /** InfluxQL whose columns are named for text, tags and title: in the target, or beside it as older releases do. */
  async queried(definition, range) {
    const source = this.board.resolve(definition.datasource);
    const columns = definition.target?.query ? definition.target : definition;
    const text = columns.query;
    if (source?.type !== 'influxdb' || !text) return [];
    const query = this.board.variables.query(text);
    const asked = { refId: 'Anno', datasource: { type: source.type, uid: source.uid }, query, rawQuery: true, resultFormat: 'table', intervalMs: 1000, maxDataPoints: 1000 };
    const answer = await postJson('/api/ds/query', { from: String(range.from), to: String(range.to), queries: [asked] });
    return eventsOf(framesOf(answer, ['Anno']), columns);
  }
}

/** Each row is an event; those of the same moment are one mark that says all of them. */
export function eventsOf(frames, columns) {
  const events = new Map();
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === 'time');
    time?.values.forEach((moment, at) => {
      const event = { time: moment, timeEnd: moment, text: '', tags: [] };
      for (const field of frame.fields) {
        const value = field.values[at];
        if (field !== time && value !== null && value !== undefined) fill(event, field.name, String(value), columns);
      }
      events.set(moment, joined(events.get(moment), event));
    });
  }
  return [...events.values()];
}

function joined(before, event) {
  if (!before) return event;
  const texts = new Set([...before.text.split(BETWEEN), event.text].filter(Boolean));
  const timeEnd = Math.max(before.timeEnd, event.timeEnd);
  return { ...before, ...event, timeEnd, text: [...texts].join(BETWEEN), tags: [...new Set([...before.tags, ...event.tags])] };
}

function fill(event, column, text, { textColumn, tagsColumn, titleColumn, timeEndColumn }) {
  if (tagsColumn?.split(',').includes(column)) event.tags.push(...text.split(','));
  else if (column === titleColumn) event.title = text;
  else if (column === timeEndColumn) event.timeEnd = Number(text);
  else if (!textColumn || column === textColumn) event.text = text;
}
