// The login form: sends what was typed, says what is wrong, and goes back to where the browser came from.

const form = document.getElementById('login');
const problem = document.getElementById('problem');
const submit = form.querySelector('button');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  submit.disabled = true;
  const failure = await logIn(form.elements.user.value, form.elements.password.value);
  submit.disabled = false;
  if (failure) {
    problem.textContent = failure;
    form.elements.password.select();
  } else {
    location.replace(wanted());
  }
});

/** `null` when logged in, else what to tell. */
async function logIn(user, password) {
  try {
    const response = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, password }),
    });
    if (response.ok) return null;
    const body = await response.json().catch(() => null);
    return body?.message ?? `The server answered ${response.status}`;
  } catch {
    return 'The dashboard server does not answer';
  }
}

/** Only addresses of this server are followed. */
function wanted() {
  const given = new URLSearchParams(location.search).get('redirectTo') ?? '/';
  try {
    const address = new URL(given, location.origin);
    return address.origin === location.origin ? address.pathname + address.search : '/';
  } catch {
    return '/';
  }
}
