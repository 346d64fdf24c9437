// Keeps the desk as it is now: a stream says that something has changed, and the page asks for itself then. Where
// nothing is heard it says so, and since when. Everything else on the page works without a script.

const SILENT_MS = 10_000;
const AGAIN_MS = 3_000;
const notice = document.getElementById('lost');
const { events, lost, away, changed, zone } = notice.dataset;
const news = document.getElementById('news');
let heardAt = Date.now();
let goodAt = Date.now();
let isAway = false;
let told = ''; // the version that was heard of last
let shown = ''; // that of the page; null where it is not known to be of any
let source;
let isAsking = false;

function time(moment) {
  const shape = { hour: '2-digit', minute: '2-digit', timeZone: zone };
  return new Date(moment).toLocaleTimeString(document.documentElement.lang, shape);
}

function show() {
  const silent = Date.now() - heardAt > SILENT_MS;
  const said = silent ? lost : isAway ? away : '';
  const text = said.replace('{when}', time(goodAt));
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = !said;
  document.getElementById('desk').classList.toggle('lost', Boolean(said));
}

function heard(isGood) {
  heardAt = Date.now();
  isAway = !isGood;
  if (isGood) goodAt = heardAt;
  show();
}

// Of links that are on both pages the same one keeps the focus.
function replace(found) {
  const before = document.getElementById('desk');
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  const said = before.dataset.said;
  const after = document.importNode(found, true);
  before.replaceWith(after);
  if (focused) {
    const links = [...after.querySelectorAll('a')];
    links.find((one) => one.href === focused.href && one.className === focused.className)?.focus({ preventScroll: true });
  }
  if (after.dataset.said !== said) news.textContent = `${changed} ${after.dataset.said}`;
}

// As a document, not as text: the policy of content lets no text become markup.
function catchUp() {
  if (isAsking || told === shown) return;
  isAsking = true;
  const wanted = told;
  let isLeft = false;
  const request = new XMLHttpRequest();
  request.responseType = 'document';
  request.timeout = SILENT_MS;
  request.open('GET', location.href);
  request.setRequestHeader('X-By-Itself', '1');
  request.onload = () => {
    const found = request.response?.getElementById('desk');
    if (found && request.status === 200) {
      shown = wanted;
      replace(found);
      show();
    } else if (request.status < 500 && request.status !== 429) {
      isLeft = true;
      location.reload(); // whoever may see it no more is told why
    }
  };
  request.onloadend = () => {
    isAsking = false;
    if (!isLeft) setTimeout(catchUp, shown === wanted ? 0 : AGAIN_MS); // another one may have been heard of meanwhile
  };
  request.send();
}

function listen() {
  source = new EventSource(events);
  source.addEventListener('alive', () => heard(true));
  source.addEventListener('away', () => heard(false));
  source.addEventListener('over', () => location.reload());
  source.addEventListener('desk', (event) => {
    heard(true);
    told = event.data;
    catchUp();
  });
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED) return; // it connects again by itself
    setTimeout(() => {
      shown = null;
      catchUp();
      listen();
    }, AGAIN_MS);
  });
}

listen();
setInterval(show, 1_000);
addEventListener('pagehide', () => source.close());
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
