// What a field is called: the dashboard's own name for it, the data source's, or one made of frame and labels.

const GENERIC = new Set(['', 'Value', 'value', undefined, null]);

function labelText(labels) {
  const all = Object.entries(labels ?? {});
  if (all.length === 1) return all[0][1];
  return all.length === 0 ? '' : `{${all.map(([key, value]) => `${key}="${value}"`).join(', ')}}`;
}

/** The name without the panel's `displayName`, which is what overrides are matched with. */
export function givenName(frame, field) {
  const set = field.config?.displayName ?? field.config?.displayNameFromDS;
  if (set) return set;
  if (field.type === 'time') return field.name || 'Time';
  const labels = labelText(field.labels);
  if (!GENERIC.has(field.name)) return labels ? `${field.name} ${labels}` : field.name;
  return frame.name || labels || field.name || 'Value';
}

/** Replaces `${__field.labels.x}`, `${__field.name}` and `${__series.name}`; the rest is the dashboard's variables. */
export function ownName(text, frame, field, interpolate) {
  const given = givenName(frame, field);
  const filled = text.replace(/\$\{__(field|series)\.([^}]+)\}/g, (typed, scope, path) => {
    if (scope === 'series' || path === 'displayName') return scope === 'series' ? frame.name || given : given;
    if (path === 'name') return field.name;
    const label = /^labels(?:\.(.+)|\[["']?(.+?)["']?\])$/.exec(path);
    return label ? String(field.labels?.[label[1] ?? label[2]] ?? '') : typed;
  });
  return interpolate
    ? interpolate(filled, { __field: { value: field }, __series: { value: { name: frame.name } } })
    : filled;
}
