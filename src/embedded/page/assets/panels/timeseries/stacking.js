// Stacks: each column on top of those before it in its group, as amounts or as shares of the whole. Draws nothing.

const present = (value) => value !== null && value !== undefined;

/** Columns that are nowhere positive hang below zero, in a stack of their own. */
function direction(values) {
  let negative = false;
  for (const value of values) {
    if (value > 0) return '+';
    negative ||= value < 0;
  }
  return negative ? '-' : '+';
}

function totals(columns, members, length) {
  const sums = new Float64Array(length);
  for (const member of members) {
    columns[member].forEach((value, row) => {
      if (present(value)) sums[row] += Math.abs(value);
    });
  }
  return sums;
}

/**
 * `groups[i]` is null for a column that is not stacked, else { key, percent }. A missing value adds nothing and stays
 * missing. Answers the columns to draw, `bases` (what each point stands on) and `under` (the column below, or null).
 */
export function stack(columns, groups) {
  const stacks = new Map();
  groups.forEach((group, at) => {
    if (!group) return;
    const key = `${group.key} ${direction(columns[at])}`;
    if (!stacks.has(key)) stacks.set(key, { percent: group.percent, members: [] });
    stacks.get(key).members.push(at);
  });
  const drawn = columns.slice();
  const bases = columns.map(() => null);
  const under = columns.map(() => null);
  for (const { percent, members } of stacks.values()) {
    const length = columns[members[0]].length;
    const whole = percent ? totals(columns, members, length) : null;
    let below = Array(length).fill(0);
    members.forEach((member, level) => {
      bases[member] = below;
      under[member] = level > 0 ? members[level - 1] : null;
      const top = below.slice();
      drawn[member] = columns[member].map((value, row) => {
        if (!present(value)) return value;
        top[row] += whole ? (whole[row] ? value / whole[row] : 0) : value;
        return top[row];
      });
      below = top;
    });
  }
  return { columns: drawn, bases, under };
}
