// Queries that were clicked together in Grafana's editor (`select`, `groupBy`, `tags`) to InfluxQL text; pure.

const identifier = (name) => `"${String(name).replace(/[\\"]/g, '\\$&')}"`;

/** How each part of a selection wraps what stands before it. */
const PARTS = {
  field: (inner, [name]) => (name === '*' ? '*' : identifier(name)),
  alias: (inner, [name]) => `${inner} AS ${identifier(name)}`,
  math: (inner, [text]) => `${inner} ${String(text).trim()}`,
};

/** InfluxQL of a target without `rawQuery`. */
export function builtQuery(target) {
  const select = (target.select ?? []).map(selection).join(', ');
  const from = `${target.policy && target.policy !== 'default' ? `${identifier(target.policy)}.` : ''}${measurement(target.measurement)}`;
  const conditions = (target.tags ?? []).map(condition).join(' ');
  const where = conditions ? `(${conditions}) AND $timeFilter` : '$timeFilter';
  return [
    `SELECT ${select} FROM ${from} WHERE ${where}`,
    ...grouping(target.groupBy ?? []),
    target.orderByTime === 'DESC' ? 'ORDER BY time DESC' : '',
    target.limit ? `LIMIT ${target.limit}` : '',
    target.slimit ? `SLIMIT ${target.slimit}` : '',
    target.tz ? `tz('${target.tz}')` : '',
  ].filter(Boolean).join(' ');
}

function selection(parts) {
  return parts.reduce((inner, { type, params = [] }) => {
    const wrap = PARTS[type];
    return wrap ? wrap(inner, params) : `${type}(${[inner, ...params].filter((part) => part !== '').join(', ')})`;
  }, '');
}

function measurement(name) {
  return isRegex(name) ? name : identifier(name);
}

function isRegex(text) {
  return /^\/.*\/$/s.test(String(text));
}

function condition({ key, operator, value, condition: joint }, at) {
  const regex = isRegex(value);
  const compared = operator || (regex ? '=~' : '=');
  const before = at > 0 ? `${joint || 'AND'} ` : '';
  return `${before}${identifier(String(key).replace(/::(tag|field)$/, ''))} ${inWords(compared)} ${literal(value, compared)}`;
}

function inWords(operator) {
  return { Is: '=', 'Is Not': '!=' }[operator] ?? operator;
}

function literal(value, operator) {
  if (operator === '=~' || operator === '!~' || operator === '<' || operator === '>' || operator === '<=' || operator === '>=') return value;
  return `'${String(value).replace(/[\\']/g, '\\$&')}'`;
}

function grouping(parts) {
  const by = parts.filter((part) => part.type !== 'fill').map(({ type, params = [] }) => {
    if (type === 'time') return `time(${params[0] === 'auto' ? '$__interval' : params.join(', ')})`;
    return params[0] === '*' ? '*' : identifier(String(params[0]).replace(/::(tag|field)$/, ''));
  });
  const fill = parts.find((part) => part.type === 'fill');
  return [by.length ? `GROUP BY ${by.join(', ')}` : '', fill ? `fill(${fill.params?.[0] ?? 'null'})` : ''];
}
