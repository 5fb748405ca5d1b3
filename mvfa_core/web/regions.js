/**
 * Where the views are taken: attention -> anchors -> square regions (Eq. 3-5), as `mvfa_core/regions.py` does it.
 *
 *     H W grid in cells · N = H*W cells in row-major order, cell = y*W + x · K anchors · R sizes · M = K*R views
 *
 * A box is (x_tl, y_tl, x_br, y_br): in cells all four are inclusive, in px the lower right corner is exclusive.
 *
 * @module
 */
import { expect } from "./attention.js";

/** @typedef {[number, number, number, number]} Box */

const MOST_SIZES = 64;
const DISTINCT_IOU = 0.5;

/**
 * All cells by falling A; equal values keep row-major order.
 *
 * @param {Float32Array} A
 */
export function cellsByAttention(A) {
  return Int32Array.from(A.keys()).sort((a, b) => A[b] - A[a] || a - b);
}

/**
 * The K anchors as cells. With `different` only so many of them differ: they are taken in turn until there are K.
 *
 * @param {Int32Array} order of `cellsByAttention`
 * @param {number} k
 * @param {number} [different]
 */
export function topAnchors(order, k, different = 0) {
  const cells = order.length;
  expect(Number.isInteger(k) && k >= 1 && k <= cells, "k", `a whole number from 1 to H*W = ${cells}`, k);
  if (!different) return order.slice(0, k);
  const turns = Math.max(1, Math.min(k, different));
  return Int32Array.from({ length: k }, (_, place) => order[place % turns]);
}

/**
 * Refuses sizes that are no region sizes.
 *
 * @param {readonly number[]} sizes
 */
export function expectSizes(sizes) {
  expect(sizes.length > 0 && sizes.length <= MOST_SIZES, "sizes", `1 to ${MOST_SIZES} region sizes`, sizes.length);
  const odd = sizes.every((size) => Number.isInteger(size) && size >= 1 && size % 2 === 1);
  expect(odd, "sizes", "odd whole numbers >= 1", sizes.join(", "));
}

/**
 * The region of one size around a cell, clamped to the grid (Eq. 5).
 *
 * @param {number} cell
 * @param {number} size
 * @param {readonly [number, number]} grid
 * @returns {Box}
 */
export function regionBox(cell, size, [height, width]) {
  const half = (size - 1) / 2;
  const x = cell % width;
  const y = (cell - x) / width;
  return [
    Math.max(x - half, 0), Math.max(y - half, 0), Math.min(x + half, width - 1), Math.min(y + half, height - 1),
  ];
}

/**
 * A box of cells in px of the picture. Rounded to float32 at every step, as Python's are.
 *
 * @param {Box} box
 * @param {readonly [number, number]} grid
 * @param {readonly [number, number]} size_px (width, height)
 * @returns {Box}
 */
export function boxPx([x0, y0, x1, y1], [height, width], size_px) {
  const across = Math.fround(size_px[0] / width);
  const down = Math.fround(size_px[1] / height);
  return [
    Math.fround(x0 * across), Math.fround(y0 * down), Math.fround((x1 + 1) * across), Math.fround((y1 + 1) * down),
  ];
}

/** @param {Box} box */
export function area([x0, y0, x1, y1]) {
  return (x1 - x0 + 1) * (y1 - y0 + 1);
}

/**
 * Intersection over union of two boxes of cells.
 *
 * @param {Box} a
 * @param {Box} b
 */
export function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  const shared = Math.max(width, 0) * Math.max(height, 0);
  return shared / (area(a) + area(b) - shared);
}

/**
 * The first n views in `order`; with `hideOverlaps` without those that overlap a better one by more than half.
 *
 * @param {Int32Array} order
 * @param {Box[]} boxes
 * @param {number} n
 * @param {boolean} hideOverlaps
 * @returns {number[]}
 */
export function best(order, boxes, n, hideOverlaps) {
  if (!hideOverlaps) return [...order.subarray(0, n)];
  /** @type {number[]} */
  const chosen = [];
  for (const view of order) {
    if (chosen.length >= n) break;
    if (chosen.every((other) => overlap(boxes[view], boxes[other]) <= DISTINCT_IOU)) chosen.push(view);
  }
  return chosen;
}

/**
 * How often every cell is averaged: by how many regions it is held, and sum over them of 1/|region|. Both are made from
 * the regions' corners, so that their number counts and not their size.
 *
 * @param {Box[]} boxes
 * @param {readonly [number, number]} grid
 */
export function coverage(boxes, [height, width]) {
  const stride = width + 1;
  const counts = new Int32Array((height + 1) * stride);
  const weights = new Float64Array((height + 1) * stride);
  for (const box of boxes) {
    const [x0, y0, x1, y1] = box;
    const weight = 1 / area(box);
    for (const [at, sign] of [
      [y0 * stride + x0, 1], [y0 * stride + x1 + 1, -1], [(y1 + 1) * stride + x0, -1], [(y1 + 1) * stride + x1 + 1, 1],
    ]) {
      counts[at] += sign;
      weights[at] += sign * weight;
    }
  }
  const held = new Int32Array(height * width);
  const share = new Float64Array(height * width);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * stride + x;
      if (x) [counts[at], weights[at]] = [counts[at] + counts[at - 1], weights[at] + weights[at - 1]];
    }
    for (let x = 0; x < width; x += 1) {
      const at = y * stride + x;
      if (y) [counts[at], weights[at]] = [counts[at] + counts[at - stride], weights[at] + weights[at - stride]];
      held[y * width + x] = counts[at];
      // the counts are whole: where no region lies, what rounding left of the weights is nothing
      share[y * width + x] = counts[at] ? weights[at] : 0;
    }
  }
  return { held, share };
}
