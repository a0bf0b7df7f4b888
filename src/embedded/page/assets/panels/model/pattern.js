// Regular expressions as dashboards write them: `/…/flags`, or bare.

const known = new Map();

/** `null` for what is no regular expression. No `g` flag, so that `test` keeps no state. */
export function pattern(text) {
  if (known.has(text)) return known.get(text);
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(text ?? '');
  let made = null;
  try {
    made = slashed ? new RegExp(slashed[1], slashed[2].replace(/[gy]/g, '')) : new RegExp(text);
  } catch {
    made = null;
  }
  if (known.size > 500) known.clear();
  known.set(text, made);
  return made;
}
