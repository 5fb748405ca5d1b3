/**
 * The method behind the feature map, for one picture: what `mvfa_core.explain` answers for any K, L_R, class and rule,
 * in the browser and in less than a frame.
 *
 *     C classes · H W grid in cells · N = H*W cells in row-major order, cell = y*W + x
 *     K anchors · R sizes · M = K*R views, anchor-major: m = k*R + r
 *
 *     const payload = decode(bytes);
 *     const view = explain(payload, { k: 50, sizes: [3, 5, 7, 9], classIndex: 3 });
 *
 * What was worked out for a payload is kept as long as the payload is (see `views.js`). Every answer is new and stays as
 * it is; only `attention` and `probabilities` are the payload's own.
 *
 * @module
 */
import { argmax, expect, labelDial, softmax, weightedSum } from "./attention.js";
import { best, boxPx, coverage } from "./regions.js";
import { confidence } from "./views.js";
import { expectClass, meanShares, placed, workOf } from "./work.js";

export { attention } from "./attention.js";
export { agreement, anchorWinners, cellStory, leads, rectangle } from "./inspect.js";
export { decode, payloadOf } from "./payload.js";

/**
 * @typedef {import("./payload.js").Payload} Payload
 * @typedef {import("./regions.js").Box} Box
 * @typedef {import("./attention.js").Numbers} Numbers
 * @typedef {import("./work.js").Options} Options
 * @typedef {import("./work.js").Placed} Placed
 * @typedef {import("./work.js").Rule} Rule
 */

/**
 * @typedef {object} Region one view
 * @property {number} rank from 1
 * @property {number} view m
 * @property {[number, number]} anchor (x, y) in cells
 * @property {number} size in cells
 * @property {Box} box inclusive, in cells
 * @property {Box} boxPx in px of the picture, lower right corner exclusive
 * @property {number} confidence s of the class explained
 */

/**
 * @typedef {object} Votes all but `tally` and `scaleProfile` by view, for the class explained
 * @property {Float64Array} logit g, the terms that Eq. 8 sums
 * @property {Float64Array} logOdds log(s / (1 - s)), the order of confidence
 * @property {Float64Array} confidence s
 * @property {Int32Array} winner the class that the view is surest of
 * @property {Int32Array} order views by falling log-odds, equal ones by rising m
 * @property {Int32Array} tally how many views each class wins, C
 * @property {Float64Array} scaleProfile mean confidence of the views of each size, R
 */

/**
 * @typedef {object} View
 * @property {number} k
 * @property {readonly number[]} sizes
 * @property {number} classIndex the class explained
 * @property {Float32Array} attention A, N
 * @property {Float32Array} probabilities f, C
 * @property {Numbers} dial A at the temperature, N
 * @property {Float64Array | null} cam of the class, N; null for a GAP model whose head is not linear
 * @property {Int32Array} anchors cells by falling A, K; none for GAP
 * @property {Box[]} boxes M
 * @property {Int32Array} held by how many regions each cell is held, N
 * @property {Votes | null} votes null for GAP, and where the head is not linear
 * @property {Region[]} regions the most confident ones
 * @property {Float64Array | null} logits of Eq. 8 (for GAP of its head), C; null unless the head is linear
 * @property {Float64Array | null} ensemble softmax of the mean view logit, C
 * @property {number} predicted its arg max; the model's own where the head is not linear
 * @property {Float64Array | null} shares of the classes by the rule, C
 * @property {number} winner its arg max
 * @property {Float64Array | null} contribution what each cell adds to the logit of the class, N
 * @property {number} contributionBias what no cell adds; with the sum of the cells it is the logit
 */

/**
 * Everything about the picture for these settings.
 *
 * @param {Payload} payload
 * @param {Options} [options]
 * @returns {View}
 * @throws {RangeError} K, a size, the class, the rule or the temperature out of range
 */
export function explain(payload, options = {}) {
  const { classIndex = null, hideOverlaps = false, rule = "logit-sum", temperature = 1, top = 10 } = options;
  const { grid, classes, size_px, settings, A, f, G } = payload;
  expect(rule in RULES, "rule", `one of ${Object.keys(RULES).join(", ")}`, rule);
  const where = placed(payload, options);
  const gap = payload.pooling === "gap";
  const { held, share } = gap ? wholeGrid(payload) : coverage(where.boxes, grid);
  const count = gap ? 1 : where.boxes.length;
  const logits = payload.logits && weightedSum(payload.logits, (cell) => share[cell], classes);
  const ensemble = logits && softmax(logits.map((logit) => logit / count));
  const predicted = logits ? argmax(logits) : settings.predicted;
  const target = classIndex ?? predicted;
  expectClass(target, classes);
  const votes = gap ? null : votesFor(payload, where, target);
  const shares = ensemble && votes ? RULES[rule](payload, where, votes, ensemble) : ensemble;
  return {
    k: where.k,
    sizes: where.sizes,
    classIndex: target,
    attention: A,
    probabilities: f,
    dial: temperature === 1 ? A : labelDial(G, classes, temperature),
    cam: payload.G_bias && classMap(G, payload.G_bias, target, classes),
    anchors: where.anchors,
    boxes: where.boxes,
    held,
    votes,
    regions: votes ? regionsOf(where, votes, best(votes.order, where.boxes, top, hideOverlaps), grid, size_px) : [],
    logits,
    ensemble,
    predicted,
    shares,
    winner: shares ? argmax(shares) : predicted,
    ...contributions(payload, share, count, target),
  };
}

/** @param {Payload} payload */
function wholeGrid({ A }) {
  return { held: new Int32Array(A.length).fill(1), share: new Float64Array(A.length).fill(1 / A.length) };
}

/**
 * The map of one class less what no cell caused: CAM of a single-layer head.
 *
 * @param {Float32Array} maps N*C
 * @param {Float32Array} bias C
 * @param {number} c
 * @param {number} classes
 */
function classMap(maps, bias, c, classes) {
  return Float64Array.from({ length: maps.length / classes }, (_, cell) => maps[cell * classes + c] - bias[c]);
}

/**
 * What every cell adds to the logit of a class, exactly: its own logit as often as it is averaged.
 *
 * @param {Payload} payload
 * @param {Float64Array} share
 * @param {number} count
 * @param {number} c
 */
function contributions({ logits, bias, classes }, share, count, c) {
  if (!logits || !bias) return { contribution: null, contributionBias: 0 };
  const contribution = classMap(logits, bias, c, classes).map((value, cell) => value * share[cell]);
  return { contribution, contributionBias: count * bias[c] };
}

/**
 * @param {Payload} payload
 * @param {Placed} where
 * @param {number} c
 * @returns {Votes | null}
 */
function votesFor(payload, { anchors, sizes, boxes }, c) {
  const { views } = workOf(payload);
  if (!views) return null;
  const count = boxes.length;
  const [logit, logOdds, shares] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const winner = new Int32Array(count);
  const tally = new Int32Array(payload.classes);
  const scaleProfile = new Float64Array(sizes.length);
  const known = sizes.map((size) => views.judged(size));
  for (let m = 0; m < count; m += 1) {
    const r = m % sizes.length;
    const cell = anchors[(m - r) / sizes.length];
    views.judge(cell, known[r], boxes[m]);
    logit[m] = views.logit(boxes[m], c);
    logOdds[m] = views.logOdds(cell, known[r], c, logit[m]);
    shares[m] = confidence(logOdds[m]);
    winner[m] = known[r].winner[cell];
    tally[winner[m]] += 1;
    scaleProfile[r] += shares[m] / anchors.length;
  }
  const order = Int32Array.from(logOdds.keys()).sort((a, b) => (logOdds[b] - logOdds[a]) || a - b);
  return { logit, logOdds, confidence: shares, winner, order, tally, scaleProfile };
}

/**
 * @param {Placed} where
 * @param {Votes} votes
 * @param {number[]} chosen views, best first
 * @param {[number, number]} grid
 * @param {[number, number]} size_px
 * @returns {Region[]}
 */
function regionsOf({ anchors, sizes, boxes }, votes, chosen, grid, size_px) {
  return chosen.map((view, place) => {
    const r = view % sizes.length;
    const cell = anchors[(view - r) / sizes.length];
    return {
      rank: place + 1,
      view,
      anchor: xy(cell, grid),
      size: sizes[r],
      box: boxes[view],
      boxPx: boxPx(boxes[view], grid, size_px),
      confidence: votes.confidence[view],
    };
  });
}

/**
 * @param {number} cell
 * @param {readonly [number, number]} grid
 * @returns {[number, number]}
 */
function xy(cell, [, width]) {
  return [cell % width, Math.floor(cell / width)];
}

/** @type {Record<Rule, (payload: Payload, where: Placed, votes: Votes, ensemble: Float64Array) => Float64Array>} */
const RULES = {
  "logit-sum": (_payload, _where, _votes, ensemble) => ensemble,
  "probability-mean": (payload, where) => meanShares(payload, where).mean,
  majority: (_payload, { boxes }, { tally }) => Float64Array.from(tally, (won) => won / boxes.length),
};
