/**
 * Further questions about a picture: how the views agree, what anchors choose, what is said about one cell or rectangle.
 *
 *     C classes · H W grid in cells, cell = y*W + x · K anchors · R sizes · M = K*R views, m = k*R + r
 *
 * @module
 */
import { expect, softmax } from "./attention.js";
import { area, boxPx, expectSizes, regionBox } from "./regions.js";
import { expectClass, meanShares, placed, workOf } from "./work.js";

/**
 * @typedef {import("./payload.js").Payload} Payload
 * @typedef {import("./regions.js").Box} Box
 * @typedef {import("./work.js").Options} Options
 */

/**
 * The entropy of the mean vote in bits, split in how unsure the views are by themselves and how much they disagree, as
 * `mvfa_core.votes.agreement`; null where there are no votes.
 *
 * @param {Payload} payload
 * @param {Options} [options]
 */
export function agreement(payload, options = {}) {
  if (payload.pooling === "gap" || !payload.logits) return null;
  const { mean, unsure } = meanShares(payload, placed(payload, options));
  const total = mean.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
  return { total: total / Math.LN2, unsure: unsure / Math.LN2, disagree: Math.max(0, total - unsure) / Math.LN2 };
}

/**
 * The class that the views of every anchor choose together by the sum of their logits, K; null where there are no votes.
 *
 * @param {Payload} payload
 * @param {Options} [options]
 */
export function anchorWinners(payload, options = {}) {
  const { views } = workOf(payload);
  if (payload.pooling === "gap" || !views) return null;
  const { anchors, sizes } = placed(payload, options);
  return Int32Array.from(anchors, (cell) => views.winnerTogether(cell, sizes));
}

/**
 * What every view adds to the lead of one class over another, M; their sum is the lead in Eq. 8.
 *
 * @param {Payload} payload
 * @param {number} classIndex
 * @param {number} against
 * @param {Options} [options]
 */
export function leads(payload, classIndex, against, options = {}) {
  const { views } = workOf(payload);
  [classIndex, against].forEach((c) => expectClass(c, payload.classes));
  if (payload.pooling === "gap" || !views) return null;
  const { boxes } = placed(payload, options);
  return Float64Array.from(boxes, (box) => views.logit(box, classIndex) - views.logit(box, against));
}

/**
 * What the main head says about a rectangle of cells; null unless it is linear.
 *
 * @param {Payload} payload
 * @param {Box} box
 */
export function rectangle(payload, box) {
  const { grid, size_px } = payload;
  const [x0, y0, x1, y1] = box;
  const inside = box.every(Number.isInteger) && 0 <= x0 && x0 <= x1 && x1 < grid[1] && 0 <= y0 && y0 <= y1 && y1 < grid[0];
  expect(inside, "box", `(x_tl, y_tl, x_br, y_br) inside ${grid[1]} x ${grid[0]} cells`, `(${box.join(", ")})`);
  const { views } = workOf(payload);
  if (!views) return null;
  const logits = views.logits(box).slice();
  return { box, cells: area(box), boxPx: boxPx(box, grid, size_px), logits, confidence: softmax(logits) };
}

/**
 * One cell's story: the terms f_i G_i that sum to its attention, its place among all cells, and its regions with the
 * main head's answers (none unless the head is linear), as `mvfa_core.cells.cell_story`.
 *
 * @param {Payload} payload
 * @param {readonly [number, number]} at (x, y) in cells
 * @param {Options} [options]
 */
export function cellStory(payload, [x, y], { sizes = payload.settings.sizes } = {}) {
  const { grid: [height, width], classes, A, f, G } = payload;
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && x < width && y >= 0 && y < height;
  expect(inside, "cell", `(x, y) inside ${width} x ${height} cells`, `(${x}, ${y})`);
  expectSizes(sizes);
  const cell = y * width + x;
  const maps = G.slice(cell * classes, (cell + 1) * classes);
  return {
    G: maps,
    terms: Float64Array.from(maps, (value, c) => value * f[c]),
    attention: A[cell],
    rank: workOf(payload).order.indexOf(cell) + 1,
    regions: sizes.map((size) => ({ size, ...rectangle(payload, regionBox(cell, size, payload.grid)) })),
  };
}
