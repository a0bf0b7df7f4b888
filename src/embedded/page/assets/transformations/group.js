// Many rows to few: one row for each group, or for each column.

import { calculate, calculationName, keepsUnit } from '../panels/model/calculations.js';
import { givenName } from '../panels/model/names.js';

function typeOf(values, fallback) {
  const value = values.find((candidate) => candidate !== null && candidate !== undefined);
  return value === undefined ? fallback : typeof value;
}

function calculated(field, id, values, name) {
  const type = field.type === 'time' && keepsUnit(id) && id !== 'range' ? 'time' : typeOf(values, 'number');
  const { displayName, displayNameFromDS, ...config } = field.config ?? {};
  return { name, type, config: keepsUnit(id) ? config : {}, values };
}

/** `fields`: { name: { operation: 'groupby' | 'aggregate', aggregations: [id] } }; other columns go. */
export function groupBy(frames, { fields = {} }) {
  return frames.flatMap((frame) => {
    const named = frame.fields.map((field) => ({ field, name: givenName(frame, field) }));
    const keys = named.filter(({ name }) => fields[name]?.operation === 'groupby');
    if (keys.length === 0) return [];
    const groups = new Map();
    for (let row = 0; row < frame.fields[0].values.length; row += 1) {
      const key = JSON.stringify(keys.map(({ field }) => field.values[row]));
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
    const rows = [...groups.values()];
    const kept = keys.map(({ field }) => ({ ...field, values: rows.map(([first]) => field.values[first]) }));
    const made = named
      .filter(({ name }) => fields[name]?.operation === 'aggregate')
      .flatMap(({ field, name }) =>
        (fields[name].aggregations ?? []).map((id) => {
          const values = rows.map((group) =>
            calculate(
              id,
              group.map((row) => field.values[row]),
            ),
          );
          return calculated(field, id, values, `${name} (${id})`);
        }),
      );
    return [{ ...frame, fields: [...kept, ...made] }];
  });
}

function fieldsToRows(frames, reducers, labelsToFields) {
  const sources = frames.flatMap((frame) =>
    frame.fields.filter(({ type }) => type !== 'time').map((field) => ({ frame, field })),
  );
  const labels = labelsToFields ? [...new Set(sources.flatMap(({ field }) => Object.keys(field.labels ?? {})))] : [];
  const column = (name, type, values) => ({ name, type, config: {}, values });
  const name = ({ frame, field }) => (labelsToFields ? field.name : givenName(frame, field));
  return [
    {
      refId: frames[0]?.refId,
      name: '',
      fields: [
        column('Field', 'string', sources.map(name)),
        ...labels.map((label) =>
          column(
            label,
            'string',
            sources.map(({ field }) => field.labels?.[label] ?? null),
          ),
        ),
        ...reducers.map((id) => {
          const values = sources.map(({ field }) => calculate(id, field.values));
          return column(calculationName(id), typeOf(values, 'number'), values);
        }),
      ],
    },
  ];
}

function eachToOne(frame, [id = 'lastNotNull'], includeTime) {
  const fields = frame.fields.filter(({ type }) => includeTime || type !== 'time');
  return { ...frame, fields: fields.map((field) => ({ ...field, values: [calculate(id, field.values)] })) };
}

/** `seriesToRows` makes a row of each column; `reduceFields` one value of each, in place. */
export function reduce(
  frames,
  { reducers = ['max'], mode = 'seriesToRows', labelsToFields = false, includeTimeField = false },
) {
  if (mode === 'reduceFields') return frames.map((frame) => eachToOne(frame, reducers, includeTimeField));
  return fieldsToRows(frames, reducers, labelsToFields);
}
