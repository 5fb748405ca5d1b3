/**
 * The numbers of one picture behind its feature map: what `mvfa_core/web/payload.py` writes is read here, and what a
 * model in the browser answers is put into the same form.
 *
 *     C classes · H W grid in cells · N = H*W cells in row-major order
 *
 * @module
 */
import { attention, expect } from "./attention.js";

/**
 * @typedef {object} Settings what the model is set to; `explain` takes these where it is told nothing else
 * @property {number} k anchors
 * @property {number[]} sizes L_R in cells
 * @property {number} predicted the model's answer, for where it is not computed here
 * @property {"adacam" | "all" | "covering"} anchors which cells become anchors
 * @property {number} different with "covering": how many cells of the K differ, else 0
 */

/**
 * @typedef {object} Payload
 * @property {"mfa" | "gap"} pooling
 * @property {[number, number]} grid (H, W)
 * @property {number} classes C
 * @property {[number, number]} size_px (width, height) of the picture
 * @property {Settings} settings
 * @property {Float32Array} A attention (Eq. 2), N
 * @property {Float32Array} f auxiliary probabilities (Eq. 1), C
 * @property {Float32Array} G class maps, N*C: the classes of a cell lie side by side; of a GAP model its head's logits
 * @property {Float32Array | null} G_bias what each class map holds that no cell caused, C; null where no CAM is
 * @property {Float32Array | null} logits the main head at every cell, N*C; null unless the head is linear
 * @property {Float32Array | null} bias of the main head, C
 */

/**
 * @typedef {object} Stored one array in the bytes
 * @property {"A" | "f" | "G" | "G_bias" | "logits" | "bias"} name
 * @property {"float32" | "steps16"} kind
 * @property {number} length numbers in it
 * @property {number} offset in bytes, behind the header
 */

/** @typedef {Omit<Payload, Stored["name"]> & { version: number, arrays: Stored[] }} Header */

export const VERSION = 1;

/**
 * The payload in these bytes: the length of the header as a little-endian uint32, the header as JSON, the arrays.
 *
 * @param {ArrayBuffer} bytes
 * @returns {Payload}
 * @throws {RangeError} another version of the format, or bytes that end too early
 */
export function decode(bytes) {
  const start = 4 + new DataView(bytes).getUint32(0, true);
  expect(start <= bytes.byteLength, "payload", `a header of ${start - 4} bytes`, `${bytes.byteLength} bytes in all`);
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, start - 4)));
  const { version, arrays, ...rest } = header;
  expect(version === VERSION, "payload", `version ${VERSION}; load the page again`, version);
  /** @param {Stored["name"]} name */
  const numbers = (name) => {
    const stored = arrays.find((array) => array.name === name);
    return stored ? read(bytes, start + stored.offset, stored, header.classes) : null;
  };
  /** @param {Stored["name"]} name */
  const needed = (name) => {
    const values = numbers(name);
    if (!values) throw new RangeError(`payload: expected the array ${name}, got none`);
    return values;
  };
  const gap = header.pooling === "gap";
  const [G, bias] = [needed("G"), numbers("bias")];
  return {
    ...rest,
    A: needed("A"),
    f: needed("f"),
    G,
    G_bias: numbers("G_bias"),
    logits: gap ? bias && G : numbers("logits"), // its class maps are the logits at every cell, and are sent once
    bias,
  };
}

/**
 * @param {ArrayBuffer} bytes
 * @param {number} at where the array begins
 * @param {Stored} stored
 * @param {number} classes
 * @returns {Float32Array}
 */
function read(bytes, at, { kind, length }, classes) {
  if (kind === "float32") return new Float32Array(bytes, at, length);
  expect(kind === "steps16", "payload", "arrays of float32 or steps16", kind);
  const low = new Float32Array(bytes, at, classes);
  const step = new Float32Array(bytes, at + 4 * classes, classes);
  const steps = new Uint16Array(bytes, at + 8 * classes, length);
  const values = new Float32Array(length);
  for (let cell = 0; cell < length; cell += classes) {
    for (let c = 0; c < classes; c += 1) values[cell + c] = low[c] + step[c] * steps[cell + c];
  }
  return values;
}

/**
 * A payload from what a model gave in the browser. A and f are computed unless they are given.
 *
 * @param {object} parts
 * @param {[number, number]} parts.grid
 * @param {Float32Array} parts.G class maps as a network gives them, C*N
 * @param {Float32Array | null} [parts.logits] the main head at every cell, C*N
 * @param {Float32Array} [parts.A]
 * @param {Float32Array} [parts.f]
 * @param {Float32Array} [parts.G_bias] zeros if not given: the CAM of a class is then its class map
 * @param {Float32Array} [parts.bias] likewise, and the contributions then hold the bias
 * @param {[number, number]} parts.size_px
 * @param {Settings} parts.settings
 * @returns {Payload}
 */
export function payloadOf({ grid, G, logits = null, A, f, G_bias, bias, size_px, settings }) {
  const cells = grid[0] * grid[1];
  const classes = G.length / cells;
  expect(Number.isInteger(classes) && classes >= 1, "G", `C maps of ${cells} cells`, `${G.length} numbers`);
  expect(!logits || logits.length === G.length, "logits", `${G.length} numbers`, logits?.length);
  const byCell = classesInside(G, classes);
  const made = A && f ? { A, f } : attention(byCell, classes);
  return {
    pooling: "mfa",
    grid,
    classes,
    size_px,
    settings,
    A: made.A,
    f: made.f,
    G: byCell,
    G_bias: G_bias ?? new Float32Array(classes),
    logits: logits && classesInside(logits, classes),
    bias: logits && (bias ?? new Float32Array(classes)),
  };
}

/**
 * C*N -> N*C: pooling, sums and softmax walk over the classes of a cell.
 *
 * @param {Float32Array} maps
 * @param {number} classes
 */
function classesInside(maps, classes) {
  const cells = maps.length / classes;
  const turned = new Float32Array(maps.length);
  for (let c = 0; c < classes; c += 1) {
    for (let cell = 0; cell < cells; cell += 1) turned[cell * classes + c] = maps[c * cells + cell];
  }
  return turned;
}
