// Making elements from values, so that text of dashboards and data never becomes markup.

/**
 * An element. Attributes: `class`, `on` (listeners by event), `dataset`, `style` (properties), `value`/`checked`
 * (properties); `false`, `null` and `undefined` leave an attribute out. Children: nodes, texts, nested lists.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function set(made, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name === 'on') {
    for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
  } else if (name === 'dataset' || name === 'style') {
    for (const [key, one] of Object.entries(value)) made[name][key] = one;
  } else if (name === 'value' || name === 'checked') {
    made[name] = value;
  } else {
    made.setAttribute(name, value === true ? '' : value);
  }
}

/** A button that does not submit. */
export function button(label, attributes, ...children) {
  const named = children.length ? { 'aria-label': label, title: label } : {};
  return element('button', { type: 'button', ...named, ...attributes }, children.length ? children : label);
}

const SHAPES = {
  back: 'M15 5l-7 7 7 7',
  clock: 'M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2',
  down: 'M6 9l6 6 6-6',
  error: 'M12 4L3 20h18zM12 10v5M12 17.5v.5',
  external: 'M14 5h5v5M19 5l-8 8M17 14v5H5V7h5',
  help: 'M9 9a3 3 0 114 3c-1 .6-1 1-1 2M12 17v.5',
  home: 'M4 11l8-7 8 7M6 10v9h12v-9',
  info: 'M12 4a8 8 0 100 16 8 8 0 000-16zM12 11v5M12 8v.5',
  left: 'M15 6l-6 6 6 6',
  logout: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
  menu: 'M12 6v.5M12 12v.5M12 18v.5',
  moon: 'M19 14a7.5 7.5 0 01-9-9 7.5 7.5 0 109 9z',
  refresh: 'M19 12a7 7 0 11-2-5l2 2M19 4v5h-5',
  right: 'M9 6l6 6-6 6',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 3v1M12 20v1M3 12h1M20 12h1M5.6 5.6l.8.8M17.6 17.6l.8.8M5.6 18.4l.8-.8M17.6 6.4l.8-.8',
  zoomOut: 'M10.5 5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM15 15l5 5M8 10.5h5',
  close: 'M6 6l12 12M18 6L6 18',
};

/** A line drawing that says nothing to screen readers; its button has the words. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
