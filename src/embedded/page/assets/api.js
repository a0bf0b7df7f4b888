// Requests to the server's Grafana API: JSON in and out, one kind of error; it retries nothing.

/** Why a request has no answer; `status` is 0 when the server could not be reached. */
export class ApiError extends Error {
  constructor(message, status, body) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }
}

const connection = new EventTarget();

/** Calls `listener(isUp)` whenever a request shows that the server answers or does not. */
export function onConnection(listener) {
  const heard = (event) => listener(event.detail);
  connection.addEventListener('change', heard);
  return () => connection.removeEventListener('change', heard);
}

export function getJson(path, { signal } = {}) {
  return request(path, { signal });
}

export function postJson(path, body, { signal } = {}) {
  const headers = { 'content-type': 'application/json' };
  return request(path, { method: 'POST', headers, body: JSON.stringify(body), signal });
}

/** Whether the server answers at all. */
export async function isAlive() {
  try {
    return (await fetch('/api/health', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

async function request(path, options) {
  const response = await reach(path, options);
  const body = await response.json().catch((error) => {
    if (error.name === 'AbortError') throw error;
    return null;
  });
  if (response.ok && body !== null) return body;
  if (response.status === 401) toLogin();
  throw new ApiError(body?.message ?? `the server answered ${response.status}`, response.status, body);
}

async function reach(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    tell(false);
    throw new ApiError('the dashboard server does not answer', 0, null);
  }
  tell(true);
  return response;
}

function tell(isUp) {
  connection.dispatchEvent(new CustomEvent('change', { detail: isUp }));
}

function toLogin() {
  const wanted = location.pathname + location.search;
  location.assign(`/login?${new URLSearchParams({ redirectTo: wanted })}`);
}
