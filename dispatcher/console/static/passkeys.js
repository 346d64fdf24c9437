// Signs in by a passkey, and makes new ones. Everything else on the page works without a script.

const token = document.querySelector('meta[name="form-token"]').content;
const failed = document.getElementById('passkey-failed');

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function post(address, body) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
}

const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function shown(credential) {
  const { response } = credential;
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
  const answer = Object.fromEntries(parts.filter((one) => response[one]).map((one) => [one, text(response[one])]));
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: answer };
}

async function signIn(options) {
  return navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
}

async function make(options) {
  return navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
}

async function run(element, ask, first, more) {
  failed.hidden = true;
  try {
    const credential = await ask(await post(element.dataset.options, first()));
    await post(element.dataset.answer, { ...shown(credential), ...more() });
    location.assign(element.dataset.next);
  } catch {
    failed.hidden = false;
  }
}

const button = document.getElementById('passkey');
const form = document.getElementById('new-passkey');
if (window.PublicKeyCredential && button) {
  button.hidden = false;
  button.addEventListener('click', () => run(button, signIn, () => ({}), () => ({})));
}
if (window.PublicKeyCredential && form) {
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const password = form.elements.password;
    run(form, make, () => ({ password: password?.value ?? '' }), () => ({ label: form.elements.label.value }));
  });
}
