/**
 * What the main head says about regions, for all classes, from summed-area tables over its logits at every cell.
 *
 *     C classes · H W grid in cells · N = H*W cells in row-major order
 *
 * Pooling commutes with a linear head, so a view's logits are the mean of the cells' logits over its region: four
 * look-ups a class. What is said about the region of one size around one cell does not depend on K, nor on the class
 * asked for; it is worked out when it is first needed and kept, so that dragging K only adds what is new.
 *
 * @module
 */
import { argmax } from "./attention.js";
import { area, regionBox } from "./regions.js";

/** @typedef {import("./regions.js").Box} Box */

/**
 * The regions of one size, by cell.
 *
 * @typedef {object} SizeJudged
 * @property {Int32Array} winner the class of the largest logit, of equal ones the first; -1 where not worked out yet
 * @property {Float64Array} highest its logit
 * @property {Float64Array} others log-sum-exp of the other classes' logits
 * @property {Float32Array | null} shares softmax, N*C; null until somebody needs it
 * @property {Float64Array} entropy of the softmax in nats, NaN where `shares` is not filled yet
 */

export class Views {
  /**
   * @param {Float32Array} logits N*C
   * @param {[number, number]} grid
   */
  constructor(logits, grid) {
    this.grid = grid;
    this.cells = grid[0] * grid[1];
    this.classes = logits.length / this.cells;
    this.scratch = new Float64Array(this.classes);
    this.table = summed(logits, grid, this.classes);
    /** @type {Map<number, SizeJudged>} */
    this.sizes = new Map();
    /** @type {Map<string, Int32Array>} winners of all sizes together by cell, -1 where not worked out yet */
    this.together = new Map();
  }

  /**
   * The logits of the view that a box is, C; the array is used again by the next call unless one is given.
   *
   * Rounded to float32 as Python's are: what is equal but for the rounding of sums stays equal, and keeps its order.
   *
   * @param {Box} box
   * @param {Float64Array} [into]
   */
  logits([x0, y0, x1, y1], into = this.scratch) {
    const { table, classes } = this;
    const stride = (this.grid[1] + 1) * classes;
    const [left, right] = [x0 * classes, (x1 + 1) * classes];
    const [top, bottom] = [y0 * stride, (y1 + 1) * stride];
    const [a, b, c, d] = [top + left, top + right, bottom + left, bottom + right];
    const count = area([x0, y0, x1, y1]);
    for (let i = 0; i < classes; i += 1) {
      into[i] = Math.fround((table[d + i] - table[b + i] - table[c + i] + table[a + i]) / count);
    }
    return into;
  }

  /**
   * The logit of one class alone; the same number as in `logits`.
   *
   * @param {Box} box
   * @param {number} c
   */
  logit([x0, y0, x1, y1], c) {
    const { table, classes } = this;
    const stride = (this.grid[1] + 1) * classes;
    const [left, right] = [x0 * classes + c, (x1 + 1) * classes + c];
    const [top, bottom] = [y0 * stride, (y1 + 1) * stride];
    const sum = table[bottom + right] - table[top + right] - table[bottom + left] + table[top + left];
    return Math.fround(sum / area([x0, y0, x1, y1]));
  }

  /**
   * What is kept of the regions of one size.
   *
   * @param {number} size
   * @returns {SizeJudged}
   */
  judged(size) {
    let known = this.sizes.get(size);
    if (!known) {
      const { cells } = this;
      known = {
        winner: new Int32Array(cells).fill(-1),
        highest: new Float64Array(cells),
        others: new Float64Array(cells),
        shares: null,
        entropy: new Float64Array(cells).fill(NaN),
      };
      this.sizes.set(size, known);
    }
    return known;
  }

  /**
   * Works out winner, its logit and the others' log-sum-exp of the region of a size around a cell, unless known.
   *
   * @param {number} cell
   * @param {SizeJudged} known
   * @param {Box} box
   */
  judge(cell, known, box) {
    if (known.winner[cell] >= 0) return;
    const logits = this.logits(box);
    const { winner, highest, others } = winnerAndOthers(logits);
    known.winner[cell] = winner;
    known.highest[cell] = highest;
    known.others[cell] = others;
  }

  /**
   * log(s / (1 - s)) of a class for a judged region: its logit less the log-sum-exp of the other classes', which orders
   * views as their confidence does, also where s rounds to 1.
   *
   * @param {number} cell
   * @param {SizeJudged} known
   * @param {number} c
   * @param {number} logit of that class
   */
  logOdds(cell, known, c, logit) {
    const [highest, others] = [known.highest[cell], known.others[cell]];
    if (known.winner[cell] === c) return highest - others;
    // the winner is among the others, so their sum is at least its own term and nothing is lost by taking c's out
    const rest = Math.max(0, Math.exp(others - highest) - Math.exp(logit - highest));
    return logit - (highest + Math.log1p(rest));
  }

  /**
   * The class that the regions of all sizes around a cell choose together by the sum of their logits.
   *
   * @param {number} cell
   * @param {readonly number[]} sizes
   */
  winnerTogether(cell, sizes) {
    const key = sizes.join();
    let winners = this.together.get(key);
    if (!winners) this.together.set(key, (winners = new Int32Array(this.cells).fill(-1)));
    if (winners[cell] < 0) {
      const sums = new Float64Array(this.classes);
      for (const size of sizes) {
        const logits = this.logits(regionBox(cell, size, this.grid));
        for (let c = 0; c < sums.length; c += 1) sums[c] += logits[c];
      }
      winners[cell] = argmax(sums);
    }
    return winners[cell];
  }

  /**
   * Adds the softmax of the region of a size around a cell to `sums`, C.
   *
   * @param {number} cell
   * @param {number} size
   * @param {Float64Array} sums
   */
  addShares(cell, size, sums) {
    const { classes } = this;
    const known = this.judged(size);
    known.shares ??= new Float32Array(this.cells * classes);
    const at = cell * classes;
    if (Number.isNaN(known.entropy[cell])) {
      const logits = this.logits(regionBox(cell, size, this.grid));
      const { highest, others } = winnerAndOthers(logits);
      const whole = highest + Math.log1p(Math.exp(others - highest));
      let entropy = 0;
      for (let c = 0; c < classes; c += 1) {
        const share = Math.exp(logits[c] - whole);
        known.shares[at + c] = share;
        entropy -= share * (logits[c] - whole);
      }
      known.entropy[cell] = entropy;
    }
    for (let c = 0; c < classes; c += 1) sums[c] += known.shares[at + c];
    return known.entropy[cell];
  }
}

/**
 * s of a class from log(s / (1 - s)).
 *
 * @param {number} odds
 */
export function confidence(odds) {
  return odds >= 0 ? 1 / (1 + Math.exp(-odds)) : Math.exp(odds) / (1 + Math.exp(odds));
}

/**
 * The largest logit, of equal ones the first, and the log-sum-exp of all others; -Infinity where there is only one.
 *
 * @param {Float64Array} logits
 */
function winnerAndOthers(logits) {
  const winner = argmax(logits);
  const highest = logits[winner];
  logits[winner] = -Infinity;
  let second = -Infinity;
  for (let c = 0; c < logits.length; c += 1) if (logits[c] > second) second = logits[c];
  let sum = 0;
  if (second > -Infinity) for (let c = 0; c < logits.length; c += 1) sum += Math.exp(logits[c] - second);
  logits[winner] = highest;
  return { winner, highest, others: second > -Infinity ? second + Math.log(sum) : -Infinity };
}

/**
 * Sums over all cells above and to the left, (H+1)*(W+1)*C in double precision.
 *
 * @param {Float32Array} logits
 * @param {[number, number]} grid
 * @param {number} classes
 */
function summed(logits, [height, width], classes) {
  const stride = (width + 1) * classes;
  const table = new Float64Array((height + 1) * stride);
  const row = new Float64Array(classes);
  for (let y = 0; y < height; y += 1) {
    row.fill(0);
    for (let x = 0; x < width; x += 1) {
      const from = (y * width + x) * classes;
      const to = (y + 1) * stride + (x + 1) * classes;
      for (let c = 0; c < classes; c += 1) {
        row[c] += logits[from + c];
        table[to + c] = table[to - stride + c] + row[c];
      }
    }
  }
  return table;
}
