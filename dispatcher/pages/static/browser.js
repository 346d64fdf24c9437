// What this browser can do and was allowed.

import { within } from "./patience.js";

const LOOK_PATIENCE_MS = 3000;

export class Browser {
  #subscribed; // undefined until it was looked

  constructor(page = globalThis) {
    this.page = page;
  }

  /** `canPush`: it has all that it takes. `installsFirst`: it may have it once the page is on the home screen (iOS).
   * `permission` as browsers say it. `isInstalled`: it is opened as an app of its own. `isSubscribed` is undefined until
   * it was looked. */
  capabilities() {
    const { navigator, Notification, PushManager, matchMedia } = this.page;
    const isInstalled = Boolean(navigator.standalone || matchMedia?.("(display-mode: standalone)").matches);
    const canPush = Boolean(navigator.serviceWorker && Notification && PushManager);
    return {
      canPush,
      isInstalled,
      installsFirst: !canPush && "standalone" in navigator && !isInstalled,
      permission: Notification?.permission ?? "default",
      isSubscribed: this.#subscribed,
    };
  }

  /** Registers the worker: it takes over pushes and the page without the network. */
  async register(address, scope) {
    const policy = this.page.trustedTypes?.createPolicy("worker", { createScriptURL: (url) => url });
    const url = policy ? policy.createScriptURL(address) : address;
    await this.page.navigator.serviceWorker?.register(url, { scope, updateViaCache: "none" });
  }

  registration() {
    const container = this.page.navigator.serviceWorker;
    return container ? container.ready : Promise.reject(new Error("there is no service worker"));
  }

  /** Looks whether it is subscribed. Where that cannot be seen it is what was known, else not. */
  async look() {
    try {
      const { pushManager } = await within(LOOK_PATIENCE_MS, this.registration());
      this.#subscribed = Boolean(await within(LOOK_PATIENCE_MS, pushManager.getSubscription()));
    } catch {
      this.#subscribed ??= false;
    }
  }

  noteSubscribed(isSubscribed) {
    this.#subscribed = isSubscribed;
  }

  async requestPermission() {
    return this.page.Notification.requestPermission();
  }
}
