// Dark and light: which one holds, who is told when it changes, and its colours for what is drawn on canvases.

const listeners = new Set();
const system = matchMedia('(prefers-color-scheme: light)');

/** `{name, isDark, colors}`; the colours are those of style.css, by the names of its variables. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ['background', 'panel', 'border', 'text', 'weak', 'grid', 'accent', 'error', 'warning', 'ok'];
  const name = document.documentElement.dataset.theme;
  return { name, isDark: name !== 'light', colors: Object.fromEntries(names.map((key) => [key, color(key)])) };
}

/** Calls `listener` after each change; returns what ends that. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows `name` and keeps it for the next visit; `null` follows the system again. */
export function chooseTheme(name) {
  try {
    if (name) localStorage.setItem('theme', name);
    else localStorage.removeItem('theme');
  } catch {
    // without storage the choice lasts as long as the page
  }
  show(name ?? systemTheme());
}

export function toggleTheme() {
  chooseTheme(document.documentElement.dataset.theme === 'light' ? 'dark' : 'light');
}

/** Shows the theme that the address asks for, without keeping it. */
export function showTheme(name) {
  if (name === 'dark' || name === 'light') show(name);
}

function show(name) {
  if (document.documentElement.dataset.theme === name) return;
  document.documentElement.dataset.theme = name;
  for (const listener of listeners) listener();
}

function systemTheme() {
  return system.matches ? 'light' : 'dark';
}

system.addEventListener('change', () => {
  let stored = null;
  try {
    stored = localStorage.getItem('theme');
  } catch {
    // as if nothing were stored
  }
  if (!stored) show(systemTheme());
});
