// Where panels stand: rows, repeats and the 24 columns, from the dashboard's JSON; it draws nothing.

export const COLUMNS = 24;
/** Grafana's width of a panel of the oldest form, out of 12. */
const OLD_SPAN = 12;

/** `[{row, scoped, panels: [{model, scoped, place}]}]`; `row` is `null` above the first row. `place`: x, y, w, h. */
export function sectionsOf(dashboard, variables) {
  const sections = split(panelsOf(dashboard)).flatMap((section) => repeatedRow(section, variables));
  return sections.map(({ row, scoped, panels }) => {
    const copies = panels.flatMap((model) => repeated(model, scoped, variables));
    return { row, scoped, panels: compacted(copies) };
  });
}

/** The panels of a dashboard of any age: before Grafana 5 they lay in `rows`, side by side by their spans. */
function panelsOf(dashboard) {
  if (dashboard.panels || !dashboard.rows) return dashboard.panels ?? [];
  let y = 0;
  return dashboard.rows.flatMap((row, at) => {
    const height = Math.max(2, Math.round(Number.parseInt(row.height ?? 250, 10) / 38));
    const heading = row.showTitle || row.collapse
      ? [{ id: `row-${at}`, type: 'row', title: row.title, collapsed: Boolean(row.collapse), gridPos: { x: 0, y, w: COLUMNS, h: 1 } }]
      : [];
    let x = 0;
    const panels = (row.panels ?? []).map((panel) => {
      const w = Math.round(((panel.span ?? OLD_SPAN) * COLUMNS) / OLD_SPAN);
      if (x + w > COLUMNS) [x, y] = [0, y + height];
      const placed = { ...panel, gridPos: { x, y: y + 1, w, h: height } };
      x += w;
      return placed;
    });
    y += height + 1;
    if (heading.length && row.collapse) return [{ ...heading[0], panels }];
    return [...heading, ...panels];
  });
}

/** Panels below a row belong to it; a collapsed row holds its own. */
function split(panels) {
  const sections = [{ row: null, panels: [] }];
  for (const panel of [...panels].sort(byPlace)) {
    if (panel.type === 'row') sections.push({ row: panel, panels: [...(panel.panels ?? [])] });
    else sections.at(-1).panels.push(panel);
  }
  return sections.filter((section) => section.row || section.panels.length > 0);
}

function byPlace(one, other) {
  const [a, b] = [one.gridPos ?? {}, other.gridPos ?? {}];
  return (a.y ?? 0) - (b.y ?? 0) || (a.x ?? 0) - (b.x ?? 0);
}

function repeatedRow(section, variables) {
  const values = section.row?.repeat ? repetitions(section.row.repeat, variables) : null;
  if (!values) return [{ ...section, scoped: {} }];
  return values.map((value) => ({ ...section, scoped: { [section.row.repeat]: value } }));
}

/** One copy for each chosen value: side by side in rows of `maxPerRow`, or one below the other. */
function repeated(model, scoped, variables) {
  const { x = 0, y = 0, w = COLUMNS, h = 8 } = model.gridPos ?? {};
  const values = model.repeat && !scoped[model.repeat] ? repetitions(model.repeat, variables) : null;
  if (!values) return [{ model, scoped, place: { x, y, w, h } }];
  return values.map((value, at) => {
    const own = { ...scoped, [model.repeat]: value };
    if (model.repeatDirection === 'v') return { model, scoped: own, place: { x, y: y + at * h, w, h } };
    const perRow = Math.min(values.length, Math.max(1, Number(model.maxPerRow) || 4));
    const width = Math.floor(COLUMNS / perRow);
    return { model, scoped: own, place: { x: (at % perRow) * width, y: y + Math.floor(at / perRow) * h, w: width, h } };
  });
}

function repetitions(name, variables) {
  const variable = variables.get(name);
  if (!variable) return null;
  const values = variable.isAll() ? variable.options.map((option) => option.value) : [variable.value].flat();
  const text = (value) => variable.options.find((option) => option.value === value)?.text ?? value;
  return values.length > 0 ? values.map((value) => ({ value, text: text(value) })) : null;
}

/** Moves panels up as far as they go, as Grafana does, so that nothing overlaps and no row stays empty. */
function compacted(panels) {
  const free = Array(COLUMNS).fill(0);
  const sorted = [...panels].sort((one, other) => one.place.y - other.place.y || one.place.x - other.place.x);
  return sorted.map((panel) => {
    const w = Math.min(Math.max(1, panel.place.w), COLUMNS);
    const x = Math.min(Math.max(0, panel.place.x), COLUMNS - w);
    const y = Math.max(...free.slice(x, x + w));
    const h = Math.max(1, panel.place.h);
    free.fill(y + h, x, x + w);
    return { ...panel, place: { x, y, w, h } };
  });
}
