"""What a service worker and its page find in a browser, for Node: caches that answer at random, notifications that can
be looked at (`shown`), windows (`opened`), and the one push subscription (`SUBSCRIPTION` of the environment).
"""

BROWSER = """
const listeners = {}, slow = () => new Promise((done) => setTimeout(done, Math.random() * 3));
const stores = new Map();
globalThis.caches = { open: async (name) => {
  if (!stores.has(name)) stores.set(name, new Map());
  const stored = stores.get(name);
  return {
    match: async (url) => { await slow(); return stored.get(url)?.clone(); },
    put: async (url, response) => { await slow(); stored.set(url, response); },
    delete: async (url) => { await slow(); return stored.delete(url); } };
} };
const shown = new Map(), opened = [];
globalThis.self = {
  addEventListener: (name, listener) => { listeners[name] = listener; },
  registration: {
    showNotification: async (title, options) => { await slow(); shown.set(options.tag, { title, ...options }); },
    getNotifications: async ({ tag }) => { await slow(); return shown.has(tag) ? [{ close: () => shown.delete(tag) }] : []; } },
  clients: { openWindow: async (url) => opened.push(url) } };
let subscribed = null;
const pushManager = {
  getSubscription: async () => subscribed,
  subscribe: async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || subscribed) throw new Error("refused");
    subscribed = {
      options: { applicationServerKey: Buffer.from(applicationServerKey, "base64url") },
      toJSON: () => JSON.parse(process.env.SUBSCRIPTION),
      unsubscribe: async () => { subscribed = null; } };
    return subscribed;
  } };
Object.defineProperty(globalThis, "navigator", { value: { serviceWorker: { ready: Promise.resolve({ pushManager }) } } });
const push = (message) => new Promise((done, failed) => listeners.push({
  data: { json: () => message }, waitUntil: (work) => work.then(done, failed) }));
const click = (notification) => new Promise((done, failed) => listeners.notificationclick({
  notification: { close() {}, ...notification }, waitUntil: (work) => work.then(done, failed) }));
"""
