// Adds this browser to where its person is told when on duty, and brings back the code that came to it. Everything else
// on the page works without a script.

const token = document.querySelector('meta[name="form-token"]').content;
const form = document.getElementById('this-browser');
const failed = document.getElementById('not-added');
const { root, worker, add, key } = form.dataset;

async function post(address, body) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function registration() {
  const policy = window.trustedTypes?.createPolicy('worker', { createScriptURL: (url) => url });
  const found = await navigator.serviceWorker.getRegistration(root);
  if (!found) await navigator.serviceWorker.register(policy ? policy.createScriptURL(worker) : worker, { scope: root });
  return navigator.serviceWorker.ready;
}

async function subscribe() {
  failed.hidden = true;
  try {
    if ((await Notification.requestPermission()) !== 'granted') throw new Error('denied');
    const { pushManager } = await registration();
    await (await pushManager.getSubscription())?.unsubscribe(); // it may be of another key
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await post(add, { subscription, label: form.elements.label.value });
  } catch {
    failed.hidden = false;
  }
}

if (key && navigator.serviceWorker && window.PushManager && window.Notification) {
  form.hidden = false;
  document.getElementById('no-push').hidden = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    subscribe();
  });
  navigator.serviceWorker.addEventListener('message', async ({ data }) => {
    await post(`${root}on-duty/${Number(data.endpoint)}/code`, { code: data.code }).catch(() => {});
    location.assign(`${root}on-duty`);
  });
  navigator.serviceWorker.startMessages();
}
