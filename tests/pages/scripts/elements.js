// What the views need of a browser's document, where there is no browser: elements that hold what is put into them.

class Element {
  children = [];
  attributes = new Map();
  listeners = {};
  value = "";

  constructor(name) {
    this.name = name;
  }

  get id() {
    return this.getAttribute("id") ?? "";
  }

  setAttribute(key, value) {
    this.attributes.set(key, String(value));
    if (key === "checked" || key === "disabled") this[key] = true;
    if (key === "value") this.value = String(value);
  }

  getAttribute(key) {
    return this.attributes.get(key) ?? null;
  }

  removeAttribute(key) {
    this.attributes.delete(key);
  }

  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  get textContent() {
    return this.children.map((child) => child.textContent ?? String(child)).join("");
  }

  set textContent(text) {
    this.children = text === "" ? [] : [text];
  }

  get all() {
    return this.children.flatMap((child) => (child instanceof Element ? [child, ...child.all] : []));
  }

  /** By `#id` or the element's name. */
  querySelector(selector) {
    return this.all.find((one) => (selector.startsWith("#") ? one.id === selector.slice(1) : one.name === selector)) ?? null;
  }

  focus() {
    document.activeElement = this;
  }

  remove() {}
}

globalThis.document = {
  activeElement: null,
  createElement: (name) => new Element(name),
  createElementNS: (_, name) => new Element(name),
};
globalThis.location = { hash: "" };

/** A view as it stands in the page. */
export function standing({ body }) {
  const main = new Element("main");
  main.append(...body.flat(Infinity).filter(Boolean));
  return main;
}

/** Lets what waits for nothing of outside be done. */
export const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

/** Does what a person does with an element, and lets it be done. */
export async function does(element, name, event = {}) {
  await element.listeners[name]({ target: element, preventDefault: () => {}, ...event });
  await settled();
}
