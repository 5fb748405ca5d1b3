/**
 * What the tests ask of the method in the browser: every answer as named numbers, in one string.
 *
 * @module
 */
import * as mfa from "/mfa.js";

/** @typedef {Record<string, ArrayLike<number> | null | undefined>} Numbers */
/** @typedef {Record<string, (payload: mfa.Payload, options: any) => Numbers>} Questions */

/** @type {Questions} */
const questions = {
  explain(payload, options) {
    const view = mfa.explain(payload, options);
    const { votes, regions } = view;
    return {
      classIndex: [view.classIndex],
      k: [view.k],
      attention: view.attention,
      probabilities: view.probabilities,
      dial: view.dial,
      cam: view.cam,
      anchors: view.anchors,
      boxes: view.boxes.flat(),
      held: view.held,
      logit: votes?.logit,
      logOdds: votes?.logOdds,
      confidence: votes?.confidence,
      winners: votes?.winner,
      order: votes?.order,
      tally: votes?.tally,
      scaleProfile: votes?.scaleProfile,
      top: regions.map((region) => region.view),
      topRank: regions.map((region) => region.rank),
      topAnchor: regions.flatMap((region) => region.anchor),
      topSize: regions.map((region) => region.size),
      topBox: regions.flatMap((region) => region.box),
      topBoxPx: regions.flatMap((region) => region.boxPx),
      topConfidence: regions.map((region) => region.confidence),
      logits: view.logits,
      ensemble: view.ensemble,
      predicted: [view.predicted],
      shares: view.shares,
      winner: [view.winner],
      contribution: view.contribution,
      contributionBias: [view.contributionBias],
    };
  },
  agreement(payload, options) {
    const bits = mfa.agreement(payload, options);
    return { bits: bits && [bits.total, bits.unsure, bits.disagree] };
  },
  anchorWinners: (payload, options) => ({ winners: mfa.anchorWinners(payload, options) }),
  leads: (payload, { classIndex, against, ...options }) => ({
    leads: mfa.leads(payload, classIndex, against, options),
  }),
  rectangle(payload, { box }) {
    const answer = mfa.rectangle(payload, box);
    return { logits: answer?.logits, confidence: answer?.confidence, px: answer?.boxPx, cells: answer && [answer.cells] };
  },
  cell(payload, { cell, ...options }) {
    const story = mfa.cellStory(payload, cell, options);
    return {
      G: story.G,
      terms: story.terms,
      attention: [story.attention],
      rank: [story.rank],
      boxes: story.regions.flatMap((region) => region.box ?? []),
      confidence: story.regions.flatMap((region) => [...(region.confidence ?? [])]),
    };
  },
  // as a page without a server has it: class maps and the head's maps from a network, all else from here
  alone(payload, options) {
    const { grid, classes, G, logits, G_bias, bias, size_px, settings } = payload;
    const turned = (/** @type {Float32Array} */ maps) => (
      Float32Array.from(maps, (_, i) => maps[(i % (grid[0] * grid[1])) * classes + Math.floor(i / (grid[0] * grid[1]))])
    );
    const again = mfa.payloadOf({
      grid, G: turned(G), logits: logits && turned(logits), G_bias: G_bias ?? undefined, bias: bias ?? undefined,
      size_px, settings,
    });
    return questions.explain(again, options);
  },
};

/** @type {mfa.Payload} */
let payload;

/**
 * The payload that further questions are about.
 *
 * @param {string} base64
 */
export function take(base64) {
  payload = mfa.decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
}

/**
 * Answers as "[[name, length], ...] of each, doubles of all"; of a refusal its sentence.
 *
 * @param {[string, any][]} asked
 */
export function answer(asked) {
  /** @type {unknown[]} */
  const heads = [];
  /** @type {number[][]} */
  const numbers = [];
  for (const [question, options] of asked) {
    try {
      const given = Object.entries(questions[question](payload, options)).filter(([, values]) => values);
      heads.push(given.map(([name, values]) => [name, values?.length]));
      given.forEach(([, values]) => values && numbers.push(Array.from(values)));
    } catch (error) {
      heads.push(String(error));
    }
  }
  return [JSON.stringify(heads), base64(new Uint8Array(Float64Array.from(numbers.flat()).buffer))];
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 32768) parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  return btoa(parts.join(""));
}
