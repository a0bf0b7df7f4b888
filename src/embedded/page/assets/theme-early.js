// Sets the theme before the first paint; everything else about themes is in theme.js.
(() => {
  const wanted = new URLSearchParams(location.search).get('theme');
  let stored = null;
  try {
    stored = localStorage.getItem('theme');
  } catch {
    // storage may be forbidden; the system's theme then stands
  }
  const known = [wanted, stored].find((name) => name === 'dark' || name === 'light');
  const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = known ?? system;
})();
