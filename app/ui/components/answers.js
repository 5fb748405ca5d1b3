/**
 * The answer of the method as what is shown: panels of a board, rows of the verdict, sentences. The same words and the
 * same digits as in app/ui/panels.py and app/base/wording, from templates that come with the data.
 *
 * @module
 */
import { fill } from "./dom.js";

/** @typedef {import("./contract.js").Box} Box */
/** @typedef {import("./contract.js").Live} Live */
/** @typedef {import("./contract.js").LivePanel} LivePanel */
/** @typedef {import("./contract.js").LiveVerdict} LiveVerdict */
/** @typedef {import("./contract.js").Panel} Panel */
/** @typedef {import("./contract.js").Row} Row */
/** @typedef {import("./contract.js").View} View */
/** @typedef {import("./method.js").Method} Method */

/**
 * A confidence with sensible digits. A softmax is never 0 or 1, though its numbers round to that.
 *
 * @param {number} share
 */
export function percent(share) {
  const value = Math.fround(share); // Python's are float32
  if (value < 0.0005) return "< 0.1\u00a0%";
  return value >= 0.9995 ? "> 99.9\u00a0%" : `${(100 * value).toFixed(1)}\u00a0%`;
}

/**
 * A signed number of three digits and a true minus sign: Python's "+.3g".
 *
 * @param {number} value
 */
export function signed(value) {
  const size = Math.abs(value);
  const [digits, power] = size.toExponential(2).split("e");
  const exponent = Number(power);
  const bare = (/** @type {string} */ text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const scientific = () => `${bare(digits)}e${exponent < 0 ? "−" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const text = exponent < -4 || exponent >= 3 ? scientific() : bare(size.toFixed(2 - exponent));
  return `${value < 0 || Object.is(value, -0) ? "−" : "+"}${text}`;
}

/**
 * Settings as they stand in exported files.
 *
 * @param {import("./contract.js").Recipe} recipe what the server knew
 * @param {Method} method
 * @returns {import("./contract.js").Recipe}
 */
export function recipeOf(recipe, { view, classes }) {
  if (!view) return recipe;
  const { text: _, k: _k, sizes: _sizes, ...made } = recipe;
  const views = view.sizes.length ? { k: view.k, sizes: [...view.sizes] } : {};
  const all = { ...made, class: classes[view.classIndex], ...views };
  const shown = Object.entries(all).filter(([name]) => name !== "picture_digest");
  const text = shown.map(([name, value]) => `${name} ${Array.isArray(value) ? `[${value.join(", ")}]` : value}`);
  return { ...all, text: text.join(", ") };
}

// --- panels ---

/** @type {WeakMap<object, Map<string, number[]>>} */
const lists = new WeakMap();

/**
 * A map as plain numbers, made once: what is painted of the same list is not painted again.
 *
 * @param {Method} method
 * @param {string} name
 * @param {() => ArrayLike<number>} made
 */
function listed({ payload }, name, made) {
  const key = /** @type {object} */ (payload);
  let known = lists.get(key);
  if (!known) lists.set(key, (known = new Map()));
  let list = known.get(name);
  if (!list) known.set(name, (list = Array.from(made(), (value) => Number(Math.fround(value).toFixed(6)))));
  return list;
}

/**
 * @param {LivePanel} given
 * @param {Method} method
 * @param {string} name of the map
 * @param {ArrayLike<number> | null} values
 * @returns {Panel}
 */
function mapPanel({ id, words }, method, name, values) {
  const view = /** @type {View} */ (method.view);
  const called = { name: method.names[view.classIndex] };
  const { title, unit } = words;
  const said = { id, kind: "map", title, unit, symbol: fill(words.symbol, called), caption: fill(words.caption, called) };
  if (!values) return { ...said, sharp: false, alt: `${title}: ${words.missing}`, message: words.missing, values: null };
  const list = listed(method, name, () => values);
  let [low, best] = [0, 0];
  for (let cell = 1; cell < list.length; cell += 1) {
    if (list[cell] < list[low]) low = cell;
    if (list[cell] > list[best]) best = cell;
  }
  const width = /** @type {import("./contract.js").Payload} */ (method.payload).grid[1];
  const at = { x: best % width, y: Math.floor(best / width), value: signed(list[best]), title, unit };
  const rest = fill(words.rest, { low: signed(list[low]), high: at.value, unit });
  return { ...said, sharp: false, values: list, alt: fill(words.alt, at), rest };
}

/**
 * @param {LivePanel} given
 * @param {Method} method
 * @param {Live} live
 * @returns {Panel}
 */
function anchorsPanel({ id, words }, method, live) {
  const view = /** @type {View} */ (method.view);
  const payload = /** @type {import("./contract.js").Payload} */ (method.payload);
  const [height, width] = payload.grid;
  const { k } = view;
  const rest = fill(words.rest, { k, cells: height * width });
  const key = [{ text: words.first, colour: live.anchor_colour, shape: "dot" }];
  if (k > 1) key.push({ text: fill(words.last, { k }), colour: live.anchor_colour, shape: "dot small" });
  return {
    id, kind: "anchors", title: words.title, symbol: fill(words.symbol, { k }), caption: fill(words.caption, { k }),
    cells: Array.from(view.anchors, (cell) => [cell % width, Math.floor(cell / width)]),
    values: Array.from(view.anchors, (cell) => view.attention[cell]),
    colour: live.anchor_colour, key, rest, alt: `${words.title}: ${rest}`,
  };
}

/**
 * The colour of a size among the sizes in use, small to large. Halves are rounded to the even place, as in Python.
 *
 * @param {number} size
 * @param {readonly number[]} sizes
 * @param {string[]} colours
 */
function sizeColour(size, sizes, colours) {
  const place = [...sizes].sort((a, b) => a - b).indexOf(size);
  const at = (place * (colours.length - 1)) / Math.max(sizes.length - 1, 1);
  const half = at % 1 === 0.5;
  return colours[half ? 2 * Math.round(at / 2) : Math.round(at)];
}

/**
 * @param {LivePanel} given
 * @param {Method} method
 * @param {Live} live
 * @param {number} most
 * @returns {Panel}
 */
function boxesPanel({ id, words }, { view, names }, live, most) {
  const { regions, sizes, classIndex, boxes: views } = /** @type {View} */ (view);
  const name = names[classIndex];
  const ranked = regions.slice(0, most);
  const boxes = ranked.map(({ rank, size, boxPx, confidence }) => {
    const said = { rank, r: size, share: percent(confidence), name };
    return {
      px: boxPx.map((value) => Number(value.toFixed(3))), rank, size, confidence, colour: sizeColour(size, sizes, live.size_colours),
      name: fill(words.box_name, said), value: said.share, tag: fill(words.box_tag, said), label: fill(words.box_label, said),
    };
  });
  const [best, last] = [boxes[0].value, boxes[boxes.length - 1].value];
  const rest = fill(boxes.length === 1 || best === last ? words.rest_one : words.rest, { best, last, name });
  const used = [...new Set(ranked.map(({ size }) => size))].sort((a, b) => a - b);
  return {
    id, kind: "boxes", title: words.title, symbol: fill(words.symbol, { count: views.length, name }),
    caption: fill(words.caption, { name }), boxes,
    key: used.map((r) => ({ text: fill(words.key, { r }), colour: sizeColour(r, sizes, live.size_colours), shape: "box" })),
    rest, alt: `${words.title}: ${rest}`,
  };
}

/** @type {Record<string, (given: LivePanel, method: Method, live: Live) => Panel>} */
const DRAWS = {
  cam(given, method) {
    const { cam, classIndex } = /** @type {View} */ (method.view);
    return mapPanel(given, method, `cam ${classIndex}`, cam);
  },
  adacam: (given, method) => mapPanel(given, method, "adacam", /** @type {View} */ (method.view).attention),
  anchors: anchorsPanel,
  "top-1": (given, method, live) => boxesPanel(given, method, live, 1),
  "top-10": (given, method, live) => boxesPanel(given, method, live, 10),
};

/**
 * Panels ready to be shown: those that the browser draws are drawn, those of the server say whether they are out of date.
 *
 * @param {import("./contract.js").Board} board
 * @param {Method} method
 * @returns {Panel[]}
 */
export function panelsOf({ panels, live }, method) {
  const { drawn } = /** @type {Live} */ (live);
  const { k, sizes, classIndex } = /** @type {View} */ (method.view);
  const waiting = drawn.k !== k || drawn.class_index !== classIndex || drawn.sizes.join() !== sizes.join();
  return panels.map((panel) => (
    "draws" in panel ? DRAWS[panel.draws](panel, method, /** @type {Live} */ (live)) : { ...panel, waiting }
  ));
}

// --- the verdict ---

/**
 * The classes by falling confidence of the first head; of many, the first ones and those that are asked about.
 *
 * @param {LiveVerdict} given
 * @param {Method} method
 */
export function verdictOf({ heads, truth, most, words }, { view, classes, names }) {
  const { ensemble, probabilities, predicted, classIndex, boxes } = /** @type {View} */ (view);
  const answers = heads.map((head) => (head.answers === "auxiliary" ? probabilities : /** @type {Float64Array} */ (ensemble)));
  const shares = Float32Array.from(answers[0]);
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a] || a - b);
  const kept = order.filter((c, place) => place < most || c === classIndex || classes[c] === truth);
  const further = order.length - kept.length;
  /** @type {Row[]} */
  const rows = kept.map((c) => ({
    name: names[c],
    notes: [...(classes[c] === truth ? [words.true] : []), ...(c === classIndex && c !== predicted ? [words.explained] : [])],
    predicted: c === predicted,
    values: answers.map((answer) => ({ share: answer[c], text: percent(answer[c]) })),
  }));
  const more = further ? fill(words.further, { count: further }) : "";
  return { heads, rows, words, more, note: fill(words.note, { count: boxes.length }) };
}

// --- sentences ---

/**
 * Text in which ** stands around what is said loudly, with values in it that are only text.
 *
 * @param {string} template
 * @param {Record<string, string | number>} values
 * @returns {{ text: string, loud: boolean }[]}
 */
export function spoken(template, values) {
  return template.split("**").map((text, place) => ({ text: fill(text, values), loud: place % 2 === 1 }))
    .filter(({ text }) => text);
}

/**
 * The answer in a sentence, the truth where there is one, and beside the answer of views that of the whole picture.
 *
 * @param {import("./contract.js").Controls} given
 * @param {Method} method
 */
export function saysOf({ truth, words }, { view, classes, names }) {
  const { ensemble, predicted, probabilities, boxes } = /** @type {View} */ (view);
  const name = names[predicted];
  const shares = Float32Array.from(probabilities);
  const best = shares.indexOf(Math.max(...shares));
  const more = truth === null ? "" : truth === classes[predicted] ? words.right : words.wrong;
  const template = words.says.replace("{more}", () => more + words.size);
  const values = {
    name, share: percent(/** @type {Float64Array} */ (ensemble)[predicted]), truth: words.truth,
    average: names[best], average_share: percent(shares[best]),
  };
  return spoken(boxes.length ? template + words.average : template, values);
}

/**
 * What one cell did, in sentences.
 *
 * @param {readonly [number, number]} cell
 * @param {Panel[]} panels whose maps are named
 * @param {Method} method
 * @param {Record<string, string>} words
 */
export function cellOf([x, y], panels, method, words) {
  const view = /** @type {View} */ (method.view);
  const payload = /** @type {import("./contract.js").Payload} */ (method.payload);
  const [height, width] = payload.grid;
  if (x >= width || y >= height) return [];
  const cell = y * width + x;
  const maps = panels.filter((panel) => panel.kind === "map" && panel.values && !panel.waiting)
    .map((panel) => `${panel.title} ${signed(/** @type {number[]} */ (panel.values)[cell])}`);
  const rank = view.anchors.indexOf(cell) + 1;
  const [views, inside] = [view.boxes.length, view.held[cell]];
  const templates = [words.cell];
  if (views) templates.push(rank ? words.anchor : words.no_anchor);
  if (view.contribution) templates.push(words.adds);
  const value = view.contribution ? signed(view.contribution[cell] / Math.max(views, 1)) : "";
  const name = method.names[view.classIndex];
  return spoken(templates.join(" "), { x, y, maps: maps.join(", "), rank, inside, views, value, name });
}
