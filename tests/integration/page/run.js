// Runs the tests of the given modules in the page and answers what became of each.

/** A module exports `tests`: { 'what is so': () => … }. Answers [{ module, name, failure }]; failure is null or a text. */
export async function run(modules) {
  const results = [];
  for (const module of modules) {
    const { tests } = await import(module);
    for (const [name, test] of Object.entries(tests)) {
      let failure = null;
      try {
        await test();
      } catch (error) {
        failure = error.stack ?? String(error);
      }
      results.push({ module, name, failure });
    }
  }
  return results;
}
