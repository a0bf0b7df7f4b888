// Addresses of the page, in Grafana's form: `/`, `/dashboards`, `/d/UID/slug?from=…&to=…&var-x=…`.

/** `{kind: 'dashboard', uid}`, `{kind: 'list', folder}` or `{kind: 'home'}`. */
export function routeOf({ pathname }) {
  const [first, second, third] = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (first === 'd' && second) return { kind: 'dashboard', uid: second };
  if (first === 'dashboards') return { kind: 'list', folder: second === 'f' ? third : null };
  return { kind: 'home' };
}

export function parametersOf({ search }) {
  return new URLSearchParams(search);
}

/** The whole address of this dashboard with other parameters. */
export function address(parameters) {
  return `${location.origin}${location.pathname}?${parameters}`;
}

/** A new entry of the browser's history, unless nothing changed. */
export function pushAddress(parameters) {
  if (address(parameters) !== location.href) history.pushState(null, '', address(parameters));
}

export function replaceAddress(path) {
  history.replaceState(null, '', path);
}
