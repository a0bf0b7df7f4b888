// The buttons that every page has: theme, shortcuts, log out.

import { button, element, icon } from '../dom.js';
import { onThemeChange, theme, toggleTheme } from '../theme.js';
import { showHelp } from './help.js';

export function pageActions() {
  const switcher = button('Theme', { class: 'plain', on: { click: toggleTheme } }, icon('sun'));
  const show = () => {
    const label = theme().isDark ? 'Change to light colours' : 'Change to dark colours';
    switcher.replaceChildren(icon(theme().isDark ? 'sun' : 'moon'));
    switcher.title = label;
    switcher.setAttribute('aria-label', label);
  };
  show();
  onThemeChange(show);
  return element(
    'div',
    { class: 'toolbar-group actions' },
    switcher,
    button('Keyboard shortcuts', { class: 'plain keyboard-only', on: { click: showHelp } }, icon('help')),
    element('a', { class: 'plain', href: '/logout', title: 'Log out', 'aria-label': 'Log out' }, icon('logout')),
  );
}
