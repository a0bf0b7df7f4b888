// Assertions of the tests that run in the browser.

/** Text that tells apart what JSON does not: undefined, NaN, infinities, Maps, Sets. */
export function written(value) {
  return JSON.stringify(
    value,
    (_key, one) => {
      if (one === undefined) return '(undefined)';
      if (typeof one === 'number' && !Number.isFinite(one)) return `(${one})`;
      if (one instanceof Map) return { '(Map)': [...one] };
      if (one instanceof Set) return { '(Set)': [...one] };
      return ArrayBuffer.isView(one) ? [...one] : one;
    },
    1,
  );
}

export function same(actual, expected, about = '') {
  const [found, wanted] = [written(actual), written(expected)];
  if (found !== wanted) throw new Error(`${about ? `${about}: ` : ''}expected ${wanted}\nfound ${found}`);
}

export function holds(condition, about) {
  if (!condition) throw new Error(about);
}

/** Waits for a condition instead of a time. */
export async function until(condition, about) {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${about}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
