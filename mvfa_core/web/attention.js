/**
 * AdaCAM: class maps -> auxiliary probabilities and attention (Eq. 1-2). Sums are made in double precision.
 *
 *     C classes · N cells in row-major order · maps as N*C: the classes of a cell lie side by side
 *
 * @module
 */

/** @typedef {Float32Array | Float64Array} Numbers */

/**
 * @param {boolean} ok
 * @param {string} what
 * @param {string} expected
 * @param {unknown} got
 */
export function expect(ok, what, expected, got) {
  if (!ok) throw new RangeError(`${what}: expected ${expected}, got ${got}`);
}

/**
 * The place of the largest number; of equal ones the first.
 *
 * @param {ArrayLike<number>} values
 */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * softmax(values / T). Less the largest first, for else a small T would make infinities.
 *
 * @param {Numbers} values
 * @param {number} [temperature]
 */
export function softmax(values, temperature = 1) {
  const largest = values[argmax(values)];
  const shares = Float64Array.from(values, (value) => Math.exp((value - largest) / temperature));
  let sum = 0;
  for (const share of shares) sum += share;
  for (let i = 0; i < shares.length; i += 1) shares[i] /= sum;
  return shares;
}

/**
 * sum_p w_p maps_p, for every class: with w = 1/N it is global average pooling.
 *
 * @param {Numbers} maps N*C
 * @param {(cell: number) => number} weight of a cell; cells of weight 0 are passed over
 * @param {number} classes
 */
export function weightedSum(maps, weight, classes) {
  const sums = new Float64Array(classes);
  for (let cell = 0; cell * classes < maps.length; cell += 1) {
    const share = weight(cell);
    const at = cell * classes;
    if (share !== 0) for (let c = 0; c < classes; c += 1) sums[c] += share * maps[at + c];
  }
  return sums;
}

/**
 * sum_i f_i G_i at every cell.
 *
 * @param {Numbers} G N*C
 * @param {Numbers} f C
 */
export function mixed(G, f) {
  const classes = f.length;
  const map = new Float64Array(G.length / classes);
  for (let cell = 0; cell < map.length; cell += 1) {
    const at = cell * classes;
    let sum = 0;
    for (let c = 0; c < classes; c += 1) sum += f[c] * G[at + c];
    map[cell] = sum;
  }
  return map;
}

/**
 * f = softmax(GAP(G)) and A = sum_i f_i G_i, `mvfa_core.adacam.attention_map`.
 *
 * @param {Numbers} G N*C
 * @param {number} classes
 */
export function attention(G, classes) {
  const f = softmax(pooled(G, classes));
  return { A: Float32Array.from(mixed(G, f)), f: Float32Array.from(f) };
}

/**
 * sum_i softmax(z / T)_i G_i with z = GAP(G), `mvfa_core.adacam.label_dial`: from the likeliest class's map (T -> 0)
 * through AdaCAM (T = 1) to the mean of all class maps.
 *
 * @param {Numbers} G N*C
 * @param {number} classes
 * @param {number} temperature
 */
export function labelDial(G, classes, temperature) {
  expect(temperature > 0, "temperature", "a positive number", temperature);
  return mixed(G, softmax(pooled(G, classes), temperature));
}

/**
 * GAP(G), the auxiliary logits.
 *
 * @param {Numbers} G N*C
 * @param {number} classes
 */
export function pooled(G, classes) {
  const share = classes / G.length;
  return weightedSum(G, () => share, classes);
}
