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
    for (const field of frame.fields.filter((one) => one !== time)) {
      const column = columns.push(fieldTitle(field, frame)) - 1;
      field.values.forEach((value, at) => {
        const key = time ? time.values[at] : at;
        if (!rows.has(key)) rows.set(key, []);
        rows.get(key)[column] = value;
      });
    }
  }
  const timed = frames.some((frame) => frame.fields.some((field) => field.type === 'time'));
  const sorted = [...rows].sort(([one], [other]) => one - other);
  return { timed, columns, rows: sorted.map(([key, values]) => [key, ...columns.map((_, at) => values[at] ?? null)]) };
}
