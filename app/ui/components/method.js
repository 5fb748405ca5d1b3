/**
 * One owner of what a visitor sets: K, L_R, class, overlaps. Controls move it, and boards, verdict and sentence hear
 * of the answer in the same frame. Nothing is sent while a control moves.
 *
 * @module
 */
import { decode, explain } from "../web/mfa.js";

/** @typedef {import("./contract.js").Settings} Settings */
/** @typedef {import("./contract.js").Payload} Payload */
/** @typedef {import("./contract.js").View} View */

/** Settings that nobody confirmed for so long are given up: the line broke, or the server began anew. */
const LOST_MS = 10_000;
/** Pictures whose numbers stay, so that a look back does not compute everything again. */
const MOST = 2;

export class Method {
  constructor() {
    /** @type {Payload | null} */
    this.payload = null;
    /** @type {string[]} as the model has them, for files and the truth */
    this.classes = [];
    /** @type {string[]} as they are called on the screen */
    this.names = [];
    /** @type {Settings | null} */
    this.settings = null;
    /** @type {View | null} */
    this.view = null;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.frame = 0;
    /** The number of the last movement, and when it was. Numbers rise over all pictures of a session. */
    this.moves = 0;
    this.moved = -LOST_MS;
    this.confirmed = 0;
  }

  /**
   * @param {ArrayBuffer} bytes
   * @param {string[]} classes
   */
  begin(bytes, classes) {
    this.payload = decode(bytes);
    this.classes = classes;
  }

  /** @param {string[]} names */
  call(names) {
    this.names = names;
    this.answer();
  }

  /**
   * What the server says that is set. It is heeded unless it answers an older movement than the visitor's last one.
   *
   * @param {Settings} settings
   * @param {number} answers the movement that they answer
   */
  take(settings, answers) {
    const waiting = this.moves > Math.max(answers, this.confirmed) && performance.now() - this.moved < LOST_MS;
    if (waiting) return;
    this.moves = Math.max(this.moves, answers);
    this.confirmed = this.moves;
    if (JSON.stringify(settings) === JSON.stringify(this.settings) && this.view) return;
    this.settings = settings;
    this.answer();
  }

  /**
   * What the visitor sets. All that is set before the next frame is answered in it, once.
   *
   * @param {Partial<Settings>} change
   */
  set(change) {
    if (!this.settings) return;
    this.settings = { ...this.settings, ...change };
    this.moves += 1;
    this.moved = performance.now();
    this.frame ||= requestAnimationFrame(() => this.answer());
  }

  answer() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.payload || !this.settings) return;
    const { k, sizes, class_index: classIndex, distinct: hideOverlaps } = this.settings;
    const options = this.payload.pooling === "gap" ? { classIndex } : { k, sizes, classIndex, hideOverlaps };
    this.view = explain(this.payload, options);
    this.listeners.forEach((listener) => listener());
  }
}

/** @type {Map<string, Method>} */
const methods = (/** @type {any} */ (window)).mvfaMethods ??= new Map();

/**
 * The method for the numbers of that name, whether they have come or not.
 *
 * @param {string} name
 */
export function methodOf(name) {
  let method = methods.get(name);
  if (!method) {
    methods.set(name, (method = new Method()));
    if (methods.size > MOST) {
      const [oldest] = [...methods].find(([other, { listeners }]) => other !== name && !listeners.size) ?? [];
      if (oldest) methods.delete(oldest);
    }
  }
  return method;
}

/** Hears of every answer of one method, and of another one when it is told to follow that. */
export class Follower {
  /** @param {() => void} heard */
  constructor(heard) {
    this.heard = heard;
    /** @type {Method | null} */
    this.method = null;
  }

  /** @param {string | null} name */
  follow(name) {
    const method = name ? methodOf(name) : null;
    if (method === this.method) return;
    this.method?.listeners.delete(this.heard);
    this.method = method;
    method?.listeners.add(this.heard);
  }
}
