// Shows what a person on duty is told, and hands the code of a proof to the page that waits for it.

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

function read(event) {
  try {
    return event.data.json();
  } catch {
    return {};
  }
}

self.addEventListener('push', (event) => event.waitUntil(shown(read(event))));

async function shown({ notification = {}, code, endpoint }) {
  const { title = 'Warndienst', body = '', tag = 'duty', lang = 'de', navigate = '' } = notification;
  const options = { body, tag, lang, renotify: true, requireInteraction: true, data: { navigate } };
  await self.registration.showNotification(title, options);
  if (!code) return;
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const page of pages) page.postMessage({ code, endpoint });
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { navigate } = event.notification.data ?? {};
  const address = new URL(navigate || self.registration.scope, self.registration.scope);
  if (address.origin === self.location.origin) event.waitUntil(self.clients.openWindow(address.href));
});
