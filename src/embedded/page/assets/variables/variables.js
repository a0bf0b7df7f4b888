// The variables of a dashboard: their choices, what is chosen, and texts with them filled in; drawing is bar.js's.

import { durationText, intervalMs } from '../time/interval.js';
import { builtin } from './builtin.js';
import { influxqlWriter } from './influxql.js';
import { interpolate, references } from './interpolate.js';
import { ALL, autoInterval, ownOptions, queriedOptions } from './options.js';

const QUERIED = 'query';
/** Of a query variable's `refresh`. */
const ON_RANGE_CHANGE = 2;

/**
 * `surroundings`: `ask(definition, text)` → frames of a variable's query; `datasources`; `range()` → `{from, to}` in ms;
 * `dashboard`, `user`, `timezone`.
 */
export class Variables {
  constructor(definitions, surroundings) {
    this.surroundings = surroundings;
    this.all = definitions.map((definition) => new Variable(definition));
    /** Choices under way, so that a later choice wins over an earlier answer. */
    this.turn = 0;
  }

  get(name) {
    return this.all.find((variable) => variable.name === name);
  }

  /** Takes what the address says, and finds all choices, in order of dependence. */
  async start(parameters) {
    for (const variable of this.all) variable.take(parameters);
    await this.reload(this.all);
  }

  /** Chooses values; variables that build on this one find their choices anew. Returns those that changed. */
  async choose(name, values) {
    const chosen = this.get(name);
    chosen.choose(values);
    return [chosen, ...(await this.reload(this.dependents(name)))];
  }

  /** Takes another address, as after Back; returns whether anything changed. */
  async adopt(parameters) {
    const before = JSON.stringify(this.parameters());
    for (const variable of this.all) variable.take(parameters);
    if (JSON.stringify(this.parameters()) === before) return false;
    await this.reload(this.all);
    return true;
  }

  /** Finds the choices that hang on the time range anew. */
  async rangeChanged() {
    const affected = this.all.filter((variable) => variable.type === QUERIED && variable.definition.refresh === ON_RANGE_CHANGE);
    return this.reload(affected);
  }

  /** `[name, values]` as they stand in the address. */
  parameters() {
    const shown = this.all.filter((variable) => !variable.definition.skipUrlSync && variable.type !== 'constant');
    return shown.map((variable) => [`var-${variable.name}`, [variable.value].flat()]);
  }

  /** Fills in what people read. `scoped`: values by name that hold in one panel only. */
  text(text, scoped) {
    const shown = (name) => {
      const found = this.lookup(name, scoped);
      return found && !found.verbatim ? { ...found, value: found.text } : found;
    };
    return interpolate(text, shown, (value) => [value].flat().join(' + '));
  }

  /** Fills in a query; what only the server knows stays. */
  query(text, scoped) {
    return interpolate(text, (name) => this.lookup(name, scoped), influxqlWriter(String(text ?? '')));
  }

  lookup(name, scoped = {}) {
    if (Object.hasOwn(scoped, name)) return { name, ...scoped[name] };
    const variable = this.get(name);
    if (variable) return this.valueOf(variable);
    const { range, dashboard, user, timezone } = this.surroundings;
    return builtin({ range: range(), dashboard, user, timezone })(name);
  }

  valueOf(variable) {
    const { name, definition } = variable;
    if (variable.type === 'interval' && String(variable.value).startsWith('$__auto_interval')) {
      const { range, points, leastMs } = autoInterval(definition, this.surroundings.range());
      const value = durationText(intervalMs(range, points, leastMs));
      return { name, value, text: value };
    }
    if (!variable.isAll()) return { name, value: variable.value, text: variable.text() };
    if (definition.allValue) return { name, value: this.query(definition.allValue), text: 'All', verbatim: true };
    return { name, value: variable.options.map((option) => option.value), text: 'All' };
  }

  dependents(name) {
    const found = new Set();
    const visit = (one) => {
      for (const variable of this.all) {
        if (variable.name !== one && !found.has(variable) && variable.mentions(one)) {
          found.add(variable);
          visit(variable.name);
        }
      }
    };
    visit(name);
    return this.all.filter((variable) => found.has(variable));
  }

  /** One after the other in order of dependence; returns those whose value changed. */
  async reload(wanted) {
    this.turn += 1;
    const turn = this.turn;
    const changed = [];
    for (const variable of inOrder(wanted)) {
      const before = JSON.stringify(variable.value);
      await this.findOptions(variable);
      if (turn !== this.turn) return changed;
      if (JSON.stringify(variable.value) !== before) changed.push(variable);
    }
    return changed;
  }

  async findOptions(variable) {
    const { definition } = variable;
    try {
      variable.offer(await this.optionsOf(variable, definition));
      variable.problem = null;
    } catch (error) {
      variable.problem = error.message;
      variable.offer(variable.options);
    }
  }

  async optionsOf(variable, definition) {
    const keepsOwn = variable.type === QUERIED && !definition.refresh && definition.options?.length > 0;
    if (variable.type !== QUERIED || keepsOwn) return ownOptions(definition, this.surroundings.datasources);
    const text = typeof definition.query === 'string' ? definition.query : definition.query?.query;
    const frames = await this.surroundings.ask(definition, this.query(text ?? definition.definition ?? ''));
    return queriedOptions(frames, { ...definition, regex: this.query(definition.regex ?? '') });
  }
}

class Variable {
  constructor(definition) {
    this.definition = definition;
    this.name = definition.name;
    this.type = definition.type;
    this.multi = Boolean(definition.multi);
    this.options = [];
    this.problem = null;
    this.value = this.initial();
  }

  initial() {
    const { current, query, includeAll } = this.definition;
    if (this.type === 'constant') return String(query ?? '');
    const value = current?.value ?? (this.type === 'textbox' ? query : undefined);
    if (value === undefined || value === null || value.length === 0) return includeAll ? [ALL] : '';
    return Array.isArray(value) ? value.map(String) : String(value);
  }

  /** The value in the address, if one is there. */
  take(parameters) {
    const given = parameters.getAll(`var-${this.name}`);
    if (given.length === 0 || this.type === 'constant') return;
    this.choose(given.map((value) => (value === 'All' && this.definition.includeAll ? ALL : value)));
  }

  choose(values) {
    const chosen = values.length > 1 ? values.filter((value) => value !== ALL) : values;
    if (chosen.length === 0 && this.definition.includeAll) this.value = [ALL];
    else this.value = this.multi ? chosen : (chosen[0] ?? '');
  }

  isAll() {
    return Boolean(this.definition.includeAll) && [this.value].flat().includes(ALL);
  }

  /** What people read for the value. */
  text() {
    const name = (value) => this.options.find((option) => option.value === value)?.text ?? value;
    return Array.isArray(this.value) ? this.value.map(name) : name(this.value);
  }

  /** Takes choices; a chosen value that is none of them gives way, unless nothing would be left to choose. */
  offer(options) {
    this.options = options;
    if (this.type === 'textbox' || this.type === 'constant' || this.isAll()) return;
    const offered = new Set(options.map((option) => option.value));
    const kept = [this.value].flat().filter((value) => offered.has(value));
    if (kept.length > 0) this.value = this.multi ? kept : kept[0];
    else if (options.length > 0) this.choose(this.definition.includeAll ? [ALL] : [options[0].value]);
  }

  mentions(name) {
    const { query, regex, allValue } = this.definition;
    const text = typeof query === 'string' ? query : query?.query;
    return [text, regex, allValue].some((one) => references(one).includes(name));
  }
}

/** Variables before those that mention them; a circle keeps the dashboard's order. */
function inOrder(variables) {
  const ordered = [];
  const visited = new Set();
  const visit = (variable) => {
    if (visited.has(variable)) return;
    visited.add(variable);
    for (const other of variables) if (other !== variable && variable.mentions(other.name)) visit(other);
    ordered.push(variable);
  };
  for (const variable of variables) visit(variable);
  return ordered;
}
