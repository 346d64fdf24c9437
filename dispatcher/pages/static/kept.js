// What this browser keeps of one app: in a cache, where both the page and its service worker find it.

import { within } from "./patience.js";

const STORAGE_PATIENCE_MS = 1000;

/** Reads and writes JSON values by name. It never throws: where storage is full, forbidden or hangs, values are kept
 * until the page or worker ends, and `write` says so. */
export class Kept {
  #memory = new Map();
  #cache;

  /** `scope` is the absolute address of the app (`/app/…/`). */
  constructor(scope, storage = globalThis.caches) {
    this.scope = scope;
    this.storage = storage;
  }

  async read(name) {
    if (this.#memory.has(name)) return this.#memory.get(name);
    try {
      const found = await within(STORAGE_PATIENCE_MS, this.#open().then((cache) => cache.match(this.#address(name))));
      return found && (await within(STORAGE_PATIENCE_MS, found.json()));
    } catch {
      return undefined;
    }
  }

  /** Whether it outlives this page or worker. */
  async write(name, value) {
    try {
      const response = new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } });
      await within(STORAGE_PATIENCE_MS, this.#open().then((cache) => cache.put(this.#address(name), response)));
      this.#memory.delete(name);
      return true;
    } catch {
      this.#memory.set(name, value);
      return false;
    }
  }

  async remove(name) {
    this.#memory.delete(name);
    try {
      await within(STORAGE_PATIENCE_MS, this.#open().then((cache) => cache.delete(this.#address(name))));
    } catch {
      // What cannot be opened holds nothing that could be read again.
    }
  }

  async #open() {
    return (this.#cache ??= await this.storage.open(`kept ${this.scope}`));
  }

  #address(name) {
    return new URL(`kept/${name}`, this.scope).href;
  }
}
