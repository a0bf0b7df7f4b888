// References to variables in a text (`$name`, `${name:format}`, `[[name]]`) and the formats of their values; pure.

const REFERENCE = /\$(\w+)|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/**
 * Replaces what `lookup(name)` knows, as `{value, text, verbatim?}` with strings or lists of strings; the rest stays.
 * `fallback(values, at)` writes a value without a format; `at` is where the reference begins.
 */
export function interpolate(text, lookup, fallback = glob) {
  if (typeof text !== 'string') return text;
  return text.replace(REFERENCE, (match, plain, braced, field, format, bracketed, oldFormat, at) => {
    const found = lookup(plain ?? braced ?? bracketed);
    if (!found) return match;
    const value = field === 'text' ? found.text : found.value;
    if (found.verbatim && !Array.isArray(value)) return moment(value, format);
    return formatted(value, found, format ?? oldFormat, (values) => fallback(values, at));
  });
}

/** The names of all references in a text. */
export function references(text) {
  return [...String(text ?? '').matchAll(REFERENCE)].map((match) => match[1] ?? match[2] ?? match[5]);
}

/** `a` alone, several as `{a,b}`: Grafana's format where none is named. */
export function glob(value) {
  if (!Array.isArray(value)) return value;
  return value.length === 1 ? value[0] : `{${value.join(',')}}`;
}

export function regexEscaped(text) {
  return String(text).replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
}

const FORMATS = {
  csv: (list) => list.join(','),
  doublequote: (list) => list.map((one) => `"${one.replace(/"/g, '\\"')}"`).join(','),
  glob: (list) => glob(list),
  join: (list) => list.join(','),
  json: (list, value) => JSON.stringify(value),
  percentencode: (list, value) => encoded(glob(value)),
  pipe: (list) => list.join('|'),
  raw: (list) => list.join(','),
  regex: (list) => (list.length === 1 ? regexEscaped(list[0]) : `(${list.map(regexEscaped).join('|')})`),
  singlequote: (list) => list.map((one) => `'${one.replace(/'/g, "\\'")}'`).join(','),
  sqlstring: (list) => list.map((one) => `'${one.replace(/'/g, "''")}'`).join(','),
  text: (list, value, found) => [found.text].flat().join(' + '),
  uriencode: (list, value) => encodeURI(glob(value)),
};

function formatted(value, found, format, fallback) {
  const list = [value].flat().map(String);
  const [name, argument] = String(format ?? '').split(':');
  if (name === 'queryparam') return list.map((one) => `var-${found.name}=${encoded(one)}`).join('&');
  if (name === 'join') return list.join(argument ?? ',');
  if (name === 'date') return moment(value, format);
  return FORMATS[name] ? FORMATS[name](list, value, found) : fallback(value);
}

/** `${__from:date:iso}`, `:date:seconds`, `:date`; a moment is text of milliseconds otherwise. */
function moment(value, format) {
  const [name, style] = String(format ?? '').split(/:(.*)/s);
  if (name !== 'date') return String(value);
  if (style === 'seconds') return String(Math.floor(Number(value) / 1000));
  const iso = new Date(Number(value)).toISOString();
  if (!style || style === 'iso') return iso;
  const [year, month, day, hour, minute, second] = iso.split(/[-T:.Z]/);
  const parts = { YYYY: year, MM: month, DD: day, HH: hour, mm: minute, ss: second };
  return style.replace(/YYYY|MM|DD|HH|mm|ss/g, (part) => parts[part]);
}

function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
