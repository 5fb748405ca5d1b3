/**
 * The controls of the method above the pictures, and the answer in a sentence. They move pictures while they are
 * dragged; only when one rests does the server hear of it, for the address, the files and what it alone knows.
 *
 * @module
 */
import { saysOf } from "./answers.js";
import { button, element } from "./dom.js";
import { Follower } from "./method.js";

/** @typedef {import("./contract.js").Controls} Given */
/** @typedef {import("./contract.js").Settings} Settings */

/** How long a key must have been up: holding an arrow key down is one movement. */
const REST_MS = 200;

class Controls {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("div", "controls");
    this.says = element("p", "says");
    this.says.setAttribute("aria-live", "polite");
    parent.append(this.says, this.root);
    this.held = false;
    this.built = "";
    this.timer = 0;
    /** @type {string[] | null} */
    this.names = null;
    this.follower = new Follower(() => this.show());
    this.release = () => this.letGo();
    window.addEventListener("pointerup", this.release);
    window.addEventListener("pointercancel", this.release);
  }

  close() {
    window.removeEventListener("pointerup", this.release);
    window.removeEventListener("pointercancel", this.release);
    this.follower.follow(null);
  }

  get method() {
    return /** @type {import("./method.js").Method} */ (this.follower.method);
  }

  /**
   * @param {Given} data
   * @param {(rest: Settings & { moves: number }) => void} rest
   */
  update(data, rest) {
    this.data = data;
    this.rest = rest;
    this.follower.follow(data.live);
    const parts = JSON.stringify([data.choices, data.locks, data.words, data.live]);
    if (parts !== this.built) this.build(parts);
    this.method.take(data.settings, data.answers);
    this.show();
  }

  /** @param {string} name */
  lock(name) {
    return /** @type {Given} */ (this.data).locks[name];
  }

  /** @param {string} parts */
  build(parts) {
    this.built = parts;
    this.names = null;
    const { choices, words } = /** @type {Given} */ (this.data);
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", words.method);
    this.root.replaceChildren();
    this.range = element("input");
    Object.assign(this.range, { type: "range", min: 1, max: choices.cells, step: 1 });
    this.count = element("output");
    this.buttons = choices.sizes.map((size) => button(String(size), () => this.press(size)));
    this.select = element("select");
    this.box = element("input");
    this.box.type = "checkbox";
    if (choices.views) {
      this.add("k", words.k, words.k_help, [this.range, this.count]);
      this.add("sizes", words.sizes, words.sizes_help, [this.group(words.sizes)]);
    }
    this.add("class", words.class, "", [this.select]);
    if (choices.views) this.add("distinct", words.distinct, words.distinct_help, [this.box]);
    this.range.oninput = () => this.set({ k: Number(this.range?.value) });
    this.range.onpointerdown = () => { this.held = true; };
    this.select.onchange = () => this.set({ class_index: this.select?.value ? Number(this.select.value) : null });
    this.box.onchange = () => this.set({ distinct: Boolean(this.box?.checked) });
  }

  /** @param {string} name */
  group(name) {
    const group = element("div", "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    group.append(.../** @type {HTMLButtonElement[]} */ (this.buttons));
    return group;
  }

  /**
   * @param {string} name in the address
   * @param {string} label
   * @param {string} help
   * @param {HTMLElement[]} parts
   */
  add(name, label, help, parts) {
    const lock = this.lock(name);
    if (lock === "hidden") return;
    const labelled = parts[0].matches("input, select");
    const place = element(labelled ? "label" : "div", `control ${name}`);
    place.append(element("span", "name", label), ...parts);
    place.title = lock ? /** @type {Given} */ (this.data).words.locked : help;
    place.querySelectorAll("input, select, button").forEach((/** @type {Element} */ part) => {
      /** @type {HTMLInputElement} */ (part).disabled = Boolean(lock);
      if (labelled) part.setAttribute("aria-label", label);
    });
    this.root.append(place);
  }

  /** @param {number} size */
  press(size) {
    const { settings } = this.method;
    if (!settings) return;
    const kept = settings.sizes.filter((one) => one !== size);
    const sizes = kept.length < settings.sizes.length ? kept : [...kept, size].sort((a, b) => a - b);
    this.set({ sizes: sizes.length ? sizes : /** @type {Given} */ (this.data).choices.own_sizes });
  }

  /** @param {Partial<Settings>} change */
  set(change) {
    this.method.set(change);
    this.show();
    clearTimeout(this.timer);
    if (!this.held) this.timer = setTimeout(() => this.send(), REST_MS);
  }

  letGo() {
    if (!this.held) return;
    this.held = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), 0); // the last value of a drag may come after the finger is up
  }

  send() {
    const { settings, moves, confirmed } = this.method;
    if (settings && moves > confirmed) this.rest?.({ ...settings, moves });
  }

  /** Controls and sentence as they are set; a control that somebody holds is left alone. */
  show() {
    const { settings, view, names } = this.method;
    if (!settings || !this.range || !this.select || !this.box || !this.count || !this.data) return;
    if (names !== this.names) this.list(names);
    if (!this.held) this.range.value = String(settings.k);
    this.count.textContent = String(settings.k);
    this.buttons?.forEach((one) => {
      one.setAttribute("aria-pressed", String(settings.sizes.includes(Number(one.textContent))));
    });
    const chosen = settings.class_index === null ? "" : String(settings.class_index);
    if (this.select.value !== chosen) this.select.value = chosen;
    this.box.checked = settings.distinct;
    if (!view) return;
    const said = saysOf(this.data, this.method);
    const text = said.map((part) => part.text).join("");
    if (text === this.says.textContent) return; // else it would be read out again
    this.says.replaceChildren(...said.map((part) => element(part.loud ? "strong" : "span", "", part.text)));
  }

  /** @param {string[]} names */
  list(names) {
    this.names = names;
    const options = names.map((name, place) => {
      const option = element("option", "", name);
      option.value = String(place);
      return option;
    });
    const first = element("option", "", /** @type {Given} */ (this.data).words.predicted);
    first.value = "";
    /** @type {HTMLSelectElement} */ (this.select).replaceChildren(first, ...options);
  }
}

/**
 * @param {{ data: Given, parentElement: HTMLElement & { mvfaControls?: Controls },
 *           setTriggerValue: (name: string, value: unknown) => void }} component
 */
export default function controls({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaControls ??= new Controls(parentElement));
  mounted.update(data, (rest) => setTriggerValue("rest", rest));
  return () => mounted.close();
}
