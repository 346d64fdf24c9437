// Copies the text for MoWaS, and keeps on the page how far the alert is. Where nothing is heard it says so, and since
// when. Everything on the page works without a script.

const PARTS = ['head', 'how-far'];
const SELDOM = ['places', 'coverage', 'undelivered'];
const SELDOM_MS = 30_000; // for these every recipient is read
const SILENT_MS = 10_000;
const copying = document.getElementById('copying');
const lost = document.getElementById('no-connection');
const news = document.getElementById('news');
const progress = `${location.pathname.replace(/\/(replay|withdraw)$/, '')}/progress`;
let seldomAt = Date.now();
let isAsking = false;
let isLost = false;

if (copying && navigator.clipboard) {
  const said = copying.querySelector('[role="status"]');
  copying.hidden = false;
  copying.querySelector('button').addEventListener('click', async () => {
    said.textContent = '';
    try {
      await navigator.clipboard.writeText(document.getElementById('broadcast-text').textContent);
      said.textContent = copying.dataset.copied;
    } catch {
      said.textContent = copying.dataset.failed;
    }
  });
}

const named = (one) => one.href ?? one.form?.action;

// Of links and buttons that are in both parts the same one keeps the focus.
function replace(before, found) {
  const focused = before.contains(document.activeElement) ? named(document.activeElement) : null;
  const after = document.importNode(found, true);
  before.replaceWith(after);
  if (focused) [...after.querySelectorAll('a, button')].find((one) => named(one) === focused)?.focus({ preventScroll: true });
}

function heard(found) {
  isLost = false;
  lost.hidden = true;
  const { said } = document.getElementById('head').dataset;
  for (const part of PARTS) {
    const [before, after] = [document, found].map((one) => one.getElementById(part));
    if (before && after) replace(before, after);
    else if (before || after) location.reload(); // it begins to go out, or is taken back
  }
  for (const part of SELDOM) {
    const [before, after] = [document, found].map((one) => one.getElementById(part));
    // A button that says how many is not to change below somebody who is about to press it.
    if (before && after && !before.matches(':hover, :focus-within')) replace(before, after);
  }
  const now = document.getElementById('head').dataset.said;
  if (now === said) return;
  news.textContent = now;
  seldomAt = -Infinity; // at an end of it all figures are to agree, and soon
  waitedS = Infinity;
}

function nothingHeard() {
  if (isLost) return;
  isLost = true;
  // By the service's clock, in the zone of its desk: this machine's may be another.
  lost.textContent = lost.dataset.said.replace('{when}', document.getElementById('head').dataset.asOf);
  lost.hidden = false;
}

// As a document, not as text: the policy of content lets no text become markup.
function ask() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  const withSeldom = Date.now() - seldomAt >= SELDOM_MS;
  if (withSeldom) seldomAt = Date.now();
  const request = new XMLHttpRequest();
  request.responseType = 'document';
  request.timeout = SILENT_MS;
  request.open('GET', withSeldom ? `${progress}?seldom=1` : progress);
  request.setRequestHeader('X-By-Itself', '1'); // nobody does anything: it is no use of the session
  request.onload = () => {
    const found = request.response;
    if (request.status === 200 && found?.getElementById('head')) heard(found);
    else if (request.status < 500 && request.status !== 429) location.assign(progress.replace(/\/progress$/, ''));
  };
  request.onloadend = () => {
    isAsking = false;
    if (request.status === 0 || request.status === 429 || request.status >= 500) nothingHeard();
  };
  request.send();
}

let waitedS = 0;
setInterval(() => {
  waitedS += 1;
  const every = Number(document.getElementById('how-far')?.dataset.every ?? 30);
  if (waitedS < (isLost ? 5 : every)) return;
  waitedS = 0;
  ask();
}, 1_000);
document.addEventListener('visibilitychange', ask);
