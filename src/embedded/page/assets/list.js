// The list of dashboards, by folder, filtered as one types.

import { getJson } from './api.js';
import { element, icon } from './dom.js';
import { pageActions } from './view/actions.js';

/** Shows all dashboards, or those of one folder. */
export async function openList(root, folder, navigate) {
  const found = await getJson('/api/search');
  document.title = 'Dashboards: uwsgi-lab';
  const dashboards = found.filter((one) => one.type === 'dash-db' && (!folder || one.folderUid === folder));
  const list = element('div', { class: 'list-groups' });
  const filter = element('input', { type: 'search', placeholder: 'Filter by title or tag', 'aria-label': 'Filter dashboards', on: { input: () => fill(list, dashboards, filter.value, navigate) } });
  fill(list, dashboards, '', navigate);
  root.replaceChildren(
    element('header', { class: 'toolbar' }, element('div', { class: 'toolbar-row' }, element('h1', { class: 'toolbar-title' }, 'Dashboards'), element('div', { class: 'toolbar-space' }), pageActions())),
    element('main', { class: 'list', id: 'main' }, dashboards.length > 1 ? filter : null, list),
  );
  return { close() {} };
}

function fill(list, dashboards, wanted, navigate) {
  const text = wanted.trim().toLowerCase();
  const fitting = dashboards.filter((one) => [one.title, ...one.tags].some((part) => part.toLowerCase().includes(text)));
  const groups = Map.groupBy(fitting, folderOf);
  const nothing = dashboards.length === 0 ? 'There is no dashboard yet: `uwsgi-lab up` provisions one.' : 'No dashboard fits.';
  list.replaceChildren(...(fitting.length ? [...groups].map(([title, group]) => section(title, group, navigate)) : [element('p', { class: 'weak' }, nothing)]));
}

function folderOf(dashboard) {
  return dashboard.folderTitle ?? 'General';
}

function section(title, dashboards, navigate) {
  const entries = dashboards.map((dashboard) => {
    const follow = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      navigate(dashboard.url);
    };
    const tags = dashboard.tags.map((tag) => element('span', { class: 'tag' }, tag));
    return element('li', {}, element('a', { href: dashboard.url, on: { click: follow } }, icon('right'), element('span', { class: 'list-title' }, dashboard.title), tags));
  });
  return element('section', {}, element('h2', {}, title), element('ul', { class: 'list-entries' }, entries));
}
