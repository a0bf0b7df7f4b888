// A panel's transformations in their order; an id that is not in the list stops there and is named to the reader.

import {
  filterByRefId,
  filterFieldsByName,
  labelsToFields,
  organize,
  renameByRegex,
} from './transformations/columns.js';
import { calculateField, canCalculate } from './transformations/calculate.js';
import { groupBy, reduce } from './transformations/group.js';
import { joinByField, merge, seriesToRows } from './transformations/join.js';
import { limit, sortBy } from './transformations/rows.js';

const TRANSFORMATIONS = {
  calculateField,
  filterByRefId,
  filterFieldsByName,
  groupBy,
  joinByField,
  labelsToFields,
  limit,
  merge,
  organize,
  reduce,
  renameByRegex,
  seriesToColumns: joinByField,
  seriesToRows,
  sortBy,
};

/** What of it this page does not know, or null. */
function unknownPart(id, options) {
  if (!Object.hasOwn(TRANSFORMATIONS, id)) return id;
  return id === 'calculateField' && !canCalculate(options ?? {}) ? `${id} (${options.mode})` : null;
}

/** `problem` is a sentence for the reader, or null. The given frames stay as they are. */
export function transform(frames, transformations = []) {
  let changed = frames;
  for (const { id, options, disabled } of transformations) {
    if (disabled) continue;
    const unknown = unknownPart(id, options);
    if (unknown) return { frames: changed, problem: `This page cannot do the transformation “${unknown}”.` };
    changed = TRANSFORMATIONS[id](changed, options ?? {});
  }
  return { frames: changed, problem: null };
}
