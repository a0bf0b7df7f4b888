// A field's configuration: the panel's defaults, and on top of them each override whose matcher says yes.

import { givenName } from './names.js';
import { pattern } from './pattern.js';

const MATCHERS = {
  byName:
    (options) =>
    ({ name }) =>
      name === options,
  byRegexp:
    (options) =>
    ({ name }) =>
      pattern(options)?.test(name) ?? false,
  byRegexpOrNames:
    ({ pattern: source, names = [] }) =>
    ({ name }) =>
      names.includes(name) || (source ? (pattern(source)?.test(name) ?? false) : false),
  byNames:
    ({ names = [], mode = 'include' }) =>
    ({ name }) =>
      names.includes(name) === (mode === 'include'),
  byFrameRefID:
    (options) =>
    ({ frame }) =>
      frame.refId === options,
  byType:
    (options) =>
    ({ field }) =>
      field.type === options,
  byTypes:
    (options) =>
    ({ field }) =>
      options.includes(field.type),
  numeric:
    () =>
    ({ field }) =>
      field.type === 'number',
  time:
    () =>
    ({ field }) =>
      field.type === 'time',
  first:
    () =>
    ({ frame, field }) =>
      frame.fields[0] === field,
};

/** A function of { frame, field, name }; an unknown matcher matches nothing. */
export function matcher({ id, options } = {}) {
  return MATCHERS[id]?.(options ?? {}) ?? (() => false);
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function set(config, path, value) {
  const keys = path.split('.');
  if (keys.some((key) => FORBIDDEN.has(key))) return;
  const last = keys.pop();
  let place = config;
  for (const key of keys) {
    place[key] = { ...place[key] };
    place = place[key];
  }
  place[last] = value;
}

/** From a panel's `fieldConfig` to a function of frame and field, which answers the field's whole configuration. */
export function configurator({ defaults = {}, overrides = [] } = {}) {
  const rules = overrides.map(({ matcher: source, properties = [] }) => ({ matches: matcher(source), properties }));
  return (frame, field) => {
    const own = field.config ?? {};
    const config = { ...defaults, ...own, custom: { ...defaults.custom, ...own.custom } };
    const name = givenName(frame, field);
    for (const { matches, properties } of rules) {
      if (!matches({ frame, field, name })) continue;
      for (const { id, value } of properties) set(config, id, value);
    }
    return config;
  };
}
