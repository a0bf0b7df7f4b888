// Which data source a panel, query or variable means, among those the server has; it queries none.

/** A resolver over the server's list, which may name data sources in each of the ways Grafana has had. */
export function datasourceResolver(list, dashboard, fillIn) {
  const byDefault = list.find((source) => source.isDefault) ?? list[0];
  const inputs = new Map((dashboard.__inputs ?? []).map((input) => [input.name, input]));

  /** A data source, or `null` when the reference names none. */
  return function resolve(reference) {
    const name = typeof reference === 'string' ? reference : reference?.uid;
    if (!name || name === 'default') return ofType(reference?.type) ?? byDefault ?? null;
    const filled = fillIn(name);
    const found = list.find((source) => source.uid === filled || source.name === filled);
    return found ?? ofInput(filled);
  };

  function ofType(type) {
    if (!type || byDefault?.type === type) return null;
    return list.find((source) => source.type === type);
  }

  /** An exported dashboard leaves `${DS_…}` for whoever imports it to choose. */
  function ofInput(name) {
    const input = inputs.get(/^\$\{(\w+)\}$/.exec(name)?.[1]);
    return (input && list.find((source) => source.type === input.pluginId)) ?? null;
  }
}

/** `{type: 'grafana'}` and `-- Mixed --` are no data sources of their own. */
export function isMixed(reference) {
  return (reference?.uid ?? reference) === '-- Mixed --';
}
