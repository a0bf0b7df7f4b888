// Steps of a threshold configuration in ascending order, and the step that a value has reached.

/** [{ value, color }] with values in the field's unit; the first step starts at -Infinity. */
export function steps(config, range) {
  const list = config.thresholds?.steps ?? [];
  const relative = config.thresholds?.mode === 'percentage';
  const { min, max } = range ?? { min: 0, max: 100 };
  const absolute = (value) => (relative ? min + ((max - min) * value) / 100 : value);
  return list
    .map(({ value, color }, at) => ({
      color,
      value: value === null || value === undefined || at === 0 ? -Infinity : absolute(Number(value)),
    }))
    .sort((one, other) => one.value - other.value);
}

/** `null` for a value below every step, or no number. */
export function reached(list, value) {
  if (!Number.isFinite(value)) return list[0] ?? null;
  return list.findLast((step) => value >= step.value) ?? null;
}
