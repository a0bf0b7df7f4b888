// A new column from others of the same row: two of them with an operator, or a calculation over many.

import { calculate, calculationName } from '../panels/model/calculations.js';
import { givenName } from '../panels/model/names.js';
import { joinByField } from './join.js';

const OPERATORS = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '**': (left, right) => left ** right,
  '%': (left, right) => left % right,
};

const UNARY = { abs: Math.abs, exp: Math.exp, ln: Math.log, floor: Math.floor, ceil: Math.ceil, round: Math.round };

const finite = (value) => (Number.isFinite(value) ? value : null);

/** Operands are column names or numbers; newer dashboards wrap them in `matcher` or `fixed`. */
const operandText = (given) => (typeof given === 'object' ? (given?.fixed ?? given?.matcher?.options) : given);

function operand(frame, given) {
  const text = operandText(given);
  const field = frame.fields.find((candidate) => givenName(frame, candidate) === text);
  if (field) return (row) => field.values[row];
  const number = text === '' || text === null || text === undefined ? NaN : Number(text);
  return Number.isNaN(number) ? null : () => number;
}

function binary(frame, { left, operator = '+', reducer, right }) {
  const one = operand(frame, left);
  const other = operand(frame, right);
  const apply = OPERATORS[operator ?? reducer];
  if (!one || !other || !apply) return null;
  const missing = (value) => value === null || value === undefined;
  return (row) =>
    missing(one(row)) || missing(other(row)) ? null : finite(apply(Number(one(row)), Number(other(row))));
}

function unary(frame, { operator, fieldName }) {
  const one = operand(frame, fieldName);
  const apply = UNARY[operator];
  if (!one || !apply) return null;
  return (row) => (one(row) === null || one(row) === undefined ? null : finite(apply(one(row))));
}

function overRow(frame, { include, reducer = 'sum' }) {
  const fields = frame.fields.filter(
    (field) => field.type === 'number' && (!include?.length || include.includes(givenName(frame, field))),
  );
  if (fields.length === 0) return null;
  return (row) =>
    calculate(
      reducer,
      fields.map((field) => field.values[row]),
    );
}

const MODES = {
  reduceRow: {
    make: (frame, options) => overRow(frame, options.reduce ?? {}),
    name: ({ reduce = {} }) => calculationName(reduce.reducer ?? 'sum'),
  },
  binary: {
    make: (frame, options) => binary(frame, options.binary ?? {}),
    name: ({ binary: { left, operator, right } = {} }) => `${operandText(left)} ${operator} ${operandText(right)}`,
  },
  unary: {
    make: (frame, options) => unary(frame, options.unary ?? {}),
    name: ({ unary: own = {} }) => `${own.operator}(${own.fieldName})`,
  },
  index: { make: () => (row) => row, name: () => 'Row' },
};

export const canCalculate = ({ mode = 'reduceRow' }) => Object.hasOwn(MODES, mode);

/** Frames with a time column are joined on it first, so that a column of each can be used. */
export function calculateField(frames, options) {
  const mode = MODES[options.mode ?? 'reduceRow'];
  const timed = frames.every(({ fields }) => fields.some(({ type }) => type === 'time'));
  const sources = timed ? joinByField(frames, {}) : frames;
  return sources.map((frame) => {
    const value = mode.make(frame, options);
    if (!value) return frame;
    const values = (frame.fields[0]?.values ?? []).map((_, row) => value(row));
    const field = { name: options.alias || mode.name(options), type: 'number', config: {}, values };
    const kept = options.replaceFields ? frame.fields.filter(({ type }) => type === 'time') : frame.fields;
    return { ...frame, fields: [...kept, field] };
  });
}
