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
// pulled towards zero.
export function smooth(values, places, weight, unit) {
  if (!weight || values.length < 3) return values;
  const gaps = gapsOf(places);
  let sum = 0;
  let total = 0;
  return values.map((value, index) => {
    const keep = index ? weight ** Math.max(gaps[index - 1] / unit, 0) : 0;
    sum = keep * sum + (1 - weight) * value;
    total = keep * total + (1 - weight);
    return sum / total;
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
  const drawn = smooth(one.values, one.steps, view.smooth, unit);
  const main = {
    ...shared,
    uid: one.id,
    y: drawn,
    mode: one.values.length < 40 && drawn === one.values ? "lines+markers" : "lines",
    line,
    marker: { size: 5 },
    hovertemplate: drawn === one.values ? `%{y:${number}}` : `%{y:${number}}, ${words.raw} %{customdata[1]:${number}}`,
  };
  // Always there, so that smoothing changes no trace's place.
  const raw = { ...shared, uid: `${one.id}-raw`, y: one.values, mode: "lines", showlegend: false, hoverinfo: "skip" };
  Object.assign(raw, { line: { ...line, width: 1 }, opacity: 0.4, visible: drawn !== one.values });
  return [raw, main];
}

function traceOfGhost(ghost, series, { view, steps }) {
  const far = view.x === "time" ? Math.max(...series.flatMap((one) => one.times), 1) : steps;
  return {
    type: "scatter",
    mode: "lines",
    uid: `ghost-${ghost.name}`,
    name: plain(ghost.name),
    x: [view.logX ? 1 : 0, far],
    y: [ghost.value, ghost.value],
    line: { color: ghost.colour, width: 1.2, dash: "dot" },
    opacity: 0.75,
    hoverinfo: "skip",
  };
}

export function tracesOf(series, ghosts, manner) {
  return [
    ...ghosts.map((ghost) => traceOfGhost(ghost, series, manner)),
    ...series.flatMap((one) => tracesOfOne(one, manner)),
  ];
}
