// Several frames to one: side by side on a common column, or one below the other where columns are the same.

import { givenName } from '../panels/model/names.js';

function keyColumn(frame, name) {
  const byName = name && frame.fields.findIndex((field) => givenName(frame, field) === name || field.name === name);
  return byName >= 0 && name ? byName : frame.fields.findIndex(({ type }) => type === 'time');
}

/** The frame's name would be lost with the frame, so that it becomes the column's. */
const keepName = (frame, field) => ({
  ...field,
  config: { ...field.config, displayNameFromDS: givenName(frame, field) },
});

/** Rows in the order of the key; `mode` `inner` keeps the keys that every frame has. */
export function joinByField(frames, { byField, mode = 'outer' } = {}) {
  const sources = frames.map((frame) => ({ frame, at: keyColumn(frame, byField) })).filter(({ at }) => at >= 0);
  if (sources.length < 2) return frames;
  const rows = new Map();
  let columns = 0;
  for (const { frame, at } of sources) {
    const others = frame.fields.filter((_, place) => place !== at);
    frame.fields[at].values.forEach((key, row) => {
      if (!rows.has(key)) rows.set(key, { cells: [], frames: new Set() });
      const { cells, frames: seen } = rows.get(key);
      seen.add(frame);
      others.forEach((field, place) => {
        cells[columns + place] = field.values[row];
      });
    });
    columns += others.length;
  }
  const kept = [...rows].filter(([, row]) => mode !== 'inner' || row.frames.size === sources.length);
  kept.sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  const key = { ...sources[0].frame.fields[sources[0].at], values: kept.map(([value]) => value) };
  const fields = sources.flatMap(({ frame, at }) =>
    frame.fields.filter((_, place) => place !== at).map((field) => keepName(frame, field)),
  );
  const filled = fields.map((field, column) => ({
    ...field,
    values: kept.map(([, { cells }]) => cells[column] ?? null),
  }));
  return [{ ...sources[0].frame, name: '', fields: [key, ...filled] }];
}

/** Columns by name over all frames, in the order of their first appearance. */
function columnsOf(frames) {
  const columns = new Map();
  for (const frame of frames) {
    for (const field of frame.fields) {
      const name = field.type === 'time' ? field.name : givenName({ ...frame, name: '' }, field);
      if (!columns.has(name)) columns.set(name, { field, sources: new Map() });
      columns.get(name).sources.set(frame, field);
    }
  }
  return columns;
}

/** Rows that agree in the columns that all frames have become one, where they do not contradict each other. */
export function merge(frames) {
  if (frames.length < 2) return frames;
  const columns = columnsOf(frames);
  const common = [...columns].filter(([, { sources }]) => sources.size === frames.length).map(([name]) => name);
  const rows = [];
  const known = new Map();
  for (const frame of frames) {
    const own = [...columns].filter(([, { sources }]) => sources.has(frame));
    const added = own.map(([name]) => name).filter((name) => !common.includes(name));
    for (let at = 0; at < (frame.fields[0]?.values.length ?? 0); at += 1) {
      const cells = new Map(own.map(([name, { sources }]) => [name, sources.get(frame).values[at]]));
      const key = JSON.stringify(common.map((name) => cells.get(name)));
      const alike = common.length > 0 ? (known.get(key) ?? []) : [];
      const free = added.length > 0 && alike.find((row) => added.every((name) => !row.has(name)));
      if (free) {
        cells.forEach((value, name) => free.set(name, value));
      } else {
        rows.push(cells);
        known.set(key, [...alike, cells]);
      }
    }
  }
  const fields = [...columns].map(([name, { field }]) => ({
    ...field,
    labels: undefined,
    values: rows.map((row) => row.get(name) ?? null),
  }));
  return [{ ...frames[0], name: '', fields }];
}

/** Long form: one row for each value, with the name of its series. */
export function seriesToRows(frames) {
  const rows = frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    const fields = time ? frame.fields.filter(({ type }) => type !== 'time') : [];
    return fields.flatMap((field) =>
      field.values.map((value, at) => [time.values[at], givenName(frame, field), value]),
    );
  });
  rows.sort(([one], [other]) => other - one);
  const column = (name, type, at) => ({ name, type, config: {}, values: rows.map((row) => row[at]) });
  return [
    {
      refId: frames[0]?.refId,
      name: '',
      fields: [column('Time', 'time', 0), column('Metric', 'string', 1), column('Value', 'number', 2)],
    },
  ];
}
