// Where the page begins: what the address names is loaded and shown.

import { getJson } from './api.js';
import { openDashboard } from './dashboard.js';
import { element } from './dom.js';
import { showHelp } from './view/help.js';
import { listenToKeys } from './keyboard.js';
import { openList } from './list.js';
import { parametersOf, replaceAddress, routeOf } from './router.js';
import { showTheme } from './theme.js';

const root = document.getElementById('page');
let page = null;
let shown = null;

/** Shows what the address names; the same dashboard with other parameters is not loaded anew. */
async function show() {
  const route = routeOf(location);
  const key = `${route.kind} ${route.uid ?? route.folder ?? ''}`;
  showTheme(parametersOf(location).get('theme'));
  if (page?.adopt && shown === key) return page.adopt(parametersOf(location));
  page?.close();
  [page, shown] = [null, key];
  try {
    page = await open(route);
  } catch (error) {
    complain(error);
  }
  return undefined;
}

async function open(route) {
  if (route.kind === 'dashboard') return openDashboard(root, route.uid, { user: await userName() });
  if (route.kind === 'list') return openList(root, route.folder, navigate);
  const home = await homeAddress();
  if (!home) return openList(root, null, navigate);
  replaceAddress(home + location.search);
  shown = `dashboard ${routeOf(location).uid}`;
  return open(routeOf(location));
}

/** The chosen home dashboard, or the only one there is. */
async function homeAddress() {
  const [preferences, dashboards] = await Promise.all([getJson('/api/org/preferences'), getJson('/api/search?type=dash-db')]);
  const chosen = dashboards.find((dashboard) => dashboard.uid === preferences.homeDashboardUID);
  return (chosen ?? (dashboards.length === 1 ? dashboards[0] : null))?.url ?? null;
}

async function userName() {
  return (await getJson('/api/user')).login;
}

function navigate(path) {
  history.pushState(null, '', path);
  show();
}

function complain(error) {
  const again = element('button', { type: 'button', on: { click: show } }, 'Try again');
  const list = element('a', { href: '/dashboards' }, 'All dashboards');
  root.replaceChildren(element('div', { class: 'page-message', role: 'alert' }, element('h1', {}, 'This page can’t be shown'), element('p', {}, sentence(error.message)), again, ' ', list));
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

addEventListener('popstate', show);
listenToKeys(() => page, { navigate, showHelp });
show();
