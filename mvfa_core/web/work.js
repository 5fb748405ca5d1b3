/**
 * What is kept for a payload as long as the payload is, and where its views lie for given settings.
 *
 *     N cells in row-major order · K anchors · R sizes · M = K*R views, anchor-major: m = k*R + r
 *
 * @module
 */
import { expect } from "./attention.js";
import { cellsByAttention, expectSizes, regionBox, topAnchors } from "./regions.js";
import { Views } from "./views.js";

/**
 * @typedef {import("./payload.js").Payload} Payload
 * @typedef {import("./regions.js").Box} Box
 * @typedef {"logit-sum" | "probability-mean" | "majority"} Rule
 */

/**
 * @typedef {object} Options what is not given is as the model has it
 * @property {number} [k] 1 to N
 * @property {readonly number[]} [sizes] L_R, odd, in cells
 * @property {number | null} [classIndex] the class to explain; the answer of Eq. 8 if null
 * @property {boolean} [hideOverlaps] whether regions that overlap a better one by more than half are left out
 * @property {Rule} [rule] how the views become one answer
 * @property {number} [temperature] T of `dial`
 * @property {number} [top] regions in `regions`
 */

/**
 * @typedef {object} Work what is kept for a payload
 * @property {Int32Array} order
 * @property {Views | null} views
 */

/** @type {WeakMap<Payload, Work>} */
const works = new WeakMap();

/**
 * @param {Payload} payload
 * @returns {Work}
 */
export function workOf(payload) {
  let work = works.get(payload);
  if (!work) {
    const { A, logits, grid } = payload;
    work = { order: cellsByAttention(A), views: logits && new Views(logits, grid) };
    works.set(payload, work);
  }
  return work;
}

/**
 * @param {Payload} payload
 * @param {Options} options
 */
export function placed(payload, { k = payload.settings.k, sizes = payload.settings.sizes }) {
  const { anchors: how, different } = payload.settings;
  if (payload.pooling === "gap") return { k: 0, sizes: [], anchors: new Int32Array(0), boxes: [] };
  expectSizes(sizes);
  const { order } = workOf(payload);
  const anchors = topAnchors(order, how === "all" ? order.length : k, different);
  /** @type {Box[]} */
  const boxes = [];
  for (const cell of anchors) for (const size of sizes) boxes.push(regionBox(cell, size, payload.grid));
  return { k: anchors.length, sizes, anchors, boxes };
}

/** @typedef {ReturnType<typeof placed>} Placed */

/**
 * @param {number} c
 * @param {number} classes
 */
export function expectClass(c, classes) {
  const known = Number.isInteger(c) && c >= 0 && c < classes;
  expect(known, "classIndex", `a class index from 0 to ${classes - 1}`, c);
}

/**
 * The mean of the views' probabilities, C, and of their entropies.
 *
 * @param {Payload} payload
 * @param {Placed} where
 */
export function meanShares(payload, { anchors, sizes, boxes }) {
  const { views } = workOf(payload);
  const mean = new Float64Array(payload.classes);
  let unsure = 0;
  if (views) for (const cell of anchors) for (const size of sizes) unsure += views.addShares(cell, size, mean);
  for (let c = 0; c < mean.length; c += 1) mean[c] /= boxes.length;
  return { mean, unsure: unsure / boxes.length };
}
