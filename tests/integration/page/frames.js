// Frames, panels and a context for tests, as the page would give them.

export const FROM = Date.UTC(2026, 10, 22, 16, 0);

/** One series: a point each second from FROM on, unless `times` says otherwise. */
export function series(name, values, { times, type = 'number', labels = {}, config = {}, refId = 'A' } = {}) {
  return {
    refId,
    name,
    fields: [
      { name: 'Time', type: 'time', labels: {}, config: {}, values: times ?? values.map((_, at) => FROM + at * 1000) },
      { name: 'Value', type, labels, config: { displayNameFromDS: name, ...config }, values },
    ],
  };
}

/** A table of columns { name: values }. */
export function table(columns, refId = 'A') {
  const fields = Object.entries(columns).map(([name, values]) => {
    const type = name === 'time' ? 'time' : typeof values.find((value) => value !== null);
    return { name, type, labels: {}, config: {}, values };
  });
  return { refId, name: '', fields };
}

/** { name: values } of a frame, by what the columns are called. */
export function columns(frame, givenName) {
  return Object.fromEntries(frame.fields.map((field) => [givenName(frame, field), field.values]));
}

export function data(frames, more = {}) {
  return { frames, range: { from: FROM, to: FROM + 60000 }, intervalMs: 1000, annotations: [], state: 'done', ...more };
}

export function context(more = {}) {
  const subscribers = new Set();
  return {
    theme: { name: 'dark', colors: {} },
    timeZone: 'utc',
    crosshair: {
      publish: (time, source) => subscribers.forEach((subscriber) => subscriber(time, source)),
      subscribe(subscriber) {
        subscribers.add(subscriber);
        return () => subscribers.delete(subscriber);
      },
    },
    zoom() {},
    interpolate: (text) => text,
    toast() {},
    ...more,
  };
}
