// The sentence that stands where a panel has nothing to draw.

const anyValue = (frames) =>
  frames.some(({ fields }) =>
    fields.some(({ type, values }) => type !== 'time' && values.some((value) => value !== null)),
  );

/** Empty where the panel's frame says so itself: it knows the data, but not what transformations made of it. */
export function emptyText(data, frames) {
  if (!anyValue(data.frames ?? [])) return '';
  const timed = frames.some(({ fields }) => fields.some(({ type }) => type === 'time'));
  return timed || !anyValue(frames) ? 'No data' : 'The data has no time column';
}
