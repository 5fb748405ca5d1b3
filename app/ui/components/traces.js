// Curves as Plotly's traces: raw, smoothed, and the levels that others have reached.

// Plotly reads a little markup in names, and a run's name may hold anything.
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const plain = (text) => text.replace(/[&<>]/g, (sign) => ESCAPES[sign]);

function gapsOf(places) {
  return places.slice(1).map((place, index) => place - places[index]);
}

// The distance that counts as one for the smoothing: the middle one of the densest curve.
export function unitOf(series) {
  const middles = series.map(({ steps }) => gapsOf(steps).sort((one, two) => one - two))
    .filter((gaps) => gaps.length).map((gaps) => gaps[gaps.length >> 1]);
  return Math.min(...middles) || 1;
}

// An exponential average. How much a value forgets follows from its distance to the one before: a thinned curve comes out
// like the whole one, and rare validations are smoothed no further than the batches between them. The beginning is not
// pulled towards zero. A gap (null) stays one, and what comes behind it follows what was before it.
export function smooth(values, places, weight, unit) {
  if (!weight || values.length < 3) return values;
  let sum = 0;
  let total = 0;
  let last = null;
  return values.map((value, index) => {
    if (value === null) return null;
    const keep = last === null ? 0 : weight ** Math.max((places[index] - last) / unit, 0);
    last = places[index];
    sum = keep * sum + (1 - weight) * value;
    total = keep * total + (1 - weight);
    return sum / total;
  });
}

// What a curve cannot show: no finite number (null), or on a logarithmic axis what is not above zero.
const isShown = (value, logarithmic) => value !== null && (value > 0 || !logarithmic);

// Why there are gaps in curves: [what is wrong, name, first step] of every curve that has one.
export function gapsIn(series, logarithmic) {
  return series.flatMap(({ name, steps, values }) => {
    const nan = values.indexOf(null);
    const low = values.findIndex((value) => value !== null && !isShown(value, logarithmic));
    return [["nan", nan], ["low", low]].filter(([, place]) => place >= 0).map(([why, place]) => [why, name, steps[place]]);
  });
}

// The last point at or before a step, or null.
export function stepAt(series, step) {
  const index = series.steps.findLastIndex((one) => one <= step);
  return index < 0 ? null : { value: series.values[index], time: series.times[index] };
}

// When a step was done, in seconds, between the points that are known.
export function timeAt({ steps, times }, step) {
  const index = steps.findLastIndex((one) => one <= step);
  if (index < 0) return (times[0] * step) / (steps[0] || 1);
  if (index === steps.length - 1) return times[index];
  const share = (step - steps[index]) / (steps[index + 1] - steps[index]);
  return times[index] + share * (times[index + 1] - times[index]);
}

function tracesOfOne(one, { view, words, unit }) {
  const places = view.x === "time" ? one.times : one.steps;
  const number = one.chart === "accuracy" ? ".1%" : ".4g";
  const shared = {
    type: "scatter",
    x: places,
    name: plain(one.name),
    legendgroup: one.id,
    customdata: one.steps.map((step, index) => [step, one.values[index]]),
  };
  const line = { color: one.colour, width: one.wide ? 2.4 : 1.6, dash: one.dash };
  const logarithmic = one.chart === "loss" && view.log;
  const broken = one.values.some((value) => !isShown(value, logarithmic));
  const whole = broken ? one.values.map((value) => (isShown(value, logarithmic) ? value : null)) : one.values;
  const drawn = smooth(whole, one.steps, view.smooth, unit);
  const dots = one.values.length < 40 && drawn === whole;
  // No line leads to a point between two gaps: it is drawn as a dot.
  const alone = (value, index) => value !== null && (drawn[index - 1] ?? null) === null && (drawn[index + 1] ?? null) === null;
  const sizes = drawn.map((value, index) => (dots || alone(value, index) ? 5 : 0));
  const main = {
    ...shared,
    uid: one.id,
    y: drawn,
    connectgaps: false,
    mode: sizes.some(Boolean) ? "lines+markers" : "lines",
    line,
    marker: { size: dots ? 5 : sizes },
    hovertemplate: drawn === whole ? `%{y:${number}}` : `%{y:${number}}, ${words.raw} %{customdata[1]:${number}}`,
  };
  // Always there, so that smoothing changes no trace's place.
  const raw = { ...shared, uid: `${one.id}-raw`, y: whole, mode: "lines", showlegend: false, hoverinfo: "skip" };
  Object.assign(raw, { line: { ...line, width: 1 }, opacity: 0.4, visible: drawn !== whole });
  return [raw, main];
}

function traceOfReference(reference, series, { view, steps }) {
  const far = view.x === "time" ? Math.max(...series.flatMap((one) => one.times), 1) : steps;
  return {
    type: "scatter",
    mode: "lines",
    uid: `reference-${reference.name}`,
    name: plain(reference.name),
    x: [view.logX ? 1 : 0, far],
    y: [reference.value, reference.value],
    line: { color: reference.colour, width: 1.2, dash: "dot" },
    opacity: 0.75,
    hoverinfo: "skip",
  };
}

export function tracesOf(series, references, manner) {
  return [
    ...references.map((reference) => traceOfReference(reference, series, manner)),
    ...series.flatMap((one) => tracesOfOne(one, manner)),
  ];
}
