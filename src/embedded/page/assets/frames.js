// Answers of /api/ds/query to the frames that panels draw; it asks nothing and draws nothing.

/** All frames of an answer, in the order of the panel's queries. */
export function framesOf(answer, refIds) {
  const results = answer?.results ?? {};
  return refIds.flatMap((refId) => (results[refId]?.frames ?? []).map((frame) => frameOf(frame, refId)));
}

/** The first error in an answer, also in one of status 400; `null` when all queries answered. */
export function errorOf(answer, refIds) {
  const failed = refIds.map((refId) => answer?.results?.[refId]).find((result) => result?.error);
  return failed?.error ?? null;
}

/** The queries as the server ran them, by refId. */
export function executedQueries(answer) {
  const results = Object.entries(answer?.results ?? {});
  return results.flatMap(([refId, result]) => {
    const texts = (result.frames ?? []).map((frame) => frame.schema?.meta?.executedQueryString).filter(Boolean);
    return texts.slice(0, 1).map((text) => [refId, text]);
  });
}

function frameOf({ schema, data }, refId) {
  const fields = (schema?.fields ?? []).map((field, at) => ({
    name: field.name,
    type: field.type ?? 'string',
    labels: field.labels ?? {},
    config: field.config ?? {},
    values: data?.values?.[at] ?? [],
  }));
  return { refId: schema?.refId ?? refId, name: schema?.name ?? '', meta: schema?.meta ?? {}, fields };
}

/** What people call a field: the name its query gave it, else its frame's or its own. */
export function fieldTitle(field, frame) {
  return field.config.displayName ?? field.config.displayNameFromDS ?? (field.type === 'time' ? 'Time' : frame.name || field.name);
}

/** One table of all series: rows by time, one column a series; frames without time become columns of their own. */
export function joined(frames) {
  const columns = [];
  const rows = new Map();
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === 'time');
    const keys = time ? numbered(time.values) : null;
    for (const field of frame.fields.filter((one) => one !== time)) {
      const column = columns.push(columnTitle(field, frame)) - 1;
      field.values.forEach((value, at) => {
        const key = keys ? keys[at] : `${at} 0`;
        if (!rows.has(key)) rows.set(key, { time: time ? time.values[at] : at, values: [] });
        rows.get(key).values[column] = value;
      });
    }
  }
  const timed = frames.some((frame) => frame.fields.some((field) => field.type === 'time'));
  const sorted = [...rows.values()].sort((one, other) => one.time - other.time);
  return { timed, columns, rows: sorted.map(({ time, values }) => [time, ...columns.map((_, at) => values[at] ?? null)]) };
}

/** Rows of one table may have the same time; each is a row of its own. */
function numbered(times) {
  const seen = new Map();
  return times.map((time) => {
    const count = seen.get(time) ?? 0;
    seen.set(time, count + 1);
    return `${time} ${count}`;
  });
}

/** The columns of a table have names of their own; a series has its frame's. */
function columnTitle(field, frame) {
  const isTable = frame.fields.length > 2 || frame.meta.preferredVisualisationType === 'table';
  return isTable ? (field.config.displayName ?? field.name) : fieldTitle(field, frame);
}
