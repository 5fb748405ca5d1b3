// The picture of a line chart: axes with titles, ticks, marked places, and the lines. For the screen, where the lesson's
// is larger because a class looks at it, and for paper. Plotly would do, but is 4.8 MB on pages that need a line.

const SVG = "http://www.w3.org/2000/svg";

// The colours of the theme, also of one that is chosen while the chart stands.
export const SCREEN = {
  text: "var(--st-text-color)", line: "var(--st-border-color)", back: "var(--st-background-color)", font: "var(--st-font)",
  size: 12, stroke: 2, dot: 4,
};
export const CLASSROOM = { ...SCREEN, size: 15, stroke: 3, dot: 6 };
export const PAPER = { ...SCREEN, text: "#1d2228", line: "#c9c9c0", back: "#ffffff", font: "Arial, sans-serif" };

export function shape(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

function node(parent, ...parts) {
  return parent.appendChild(shape(...parts));
}

const dashes = ({ dash }) => (dash ? { "stroke-dasharray": dash } : {});

// About `count` round numbers from low to high.
export function axisTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) ticks.push(Number(at.toPrecision(12)));
  return ticks;
}

function span(data) {
  if (data.y.percent) return [0, 1];
  const all = data.series.flatMap(({ values }) => values).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const room = 0.05 * (high - low || 1);
  return [low - (low < 0 ? room : 0), high + room];
}

// Where a value of the horizontal axis lies.
export function across({ values }, { left, width }) {
  const [first, last] = [values[0], values[values.length - 1]];
  return (value) => left + (last > first ? ((value - first) / (last - first)) * width : width / 2);
}

// The lines of `data` over its rising values, with those of place `at` picked out; `frame` is where the axes are.
export function drawLines(data, width, height, look, at, paper = false) {
  const size = { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": look.font, "font-size": look.size };
  const svg = shape("svg", size);
  if (paper) {
    node(svg, "rect", { width, height, fill: look.back });
    node(svg, "text", { x: 12, y: 22, "font-size": 14, "font-weight": 600, fill: look.text }, data.title);
    node(svg, "text", { x: 12, y: height - 8, "font-size": 9.5, fill: look.text }, data.recipe);
  }
  const frame = { left: 52, top: paper ? 66 : data.y.title ? 22 : 10 };
  Object.assign(frame, { width: width - frame.left - 14, height: height - frame.top - (paper ? 66 : 46) });
  const { values } = data.x;
  const [low, high] = span(data);
  const x = across(data.x, frame);
  const y = (value) => frame.top + frame.height * (1 - (value - low) / (high - low));

  axes(svg, data, frame, look, { x, y, low, high });
  marks(svg, data, frame, look, x);
  data.series.forEach((one) => {
    const places = one.values.map((value, place) => `${x(values[place]).toFixed(1)} ${y(value).toFixed(1)}`);
    const manner = { fill: "none", stroke: one.colour, "stroke-width": look.stroke, "stroke-linejoin": "round" };
    node(svg, "path", { d: `M${places.join("L")}`, ...manner, ...dashes(one) });
  });
  if (at !== null) {
    const [x1, x2] = [x(values[at]), x(values[at])];
    node(svg, "line", { x1, x2, y1: frame.top, y2: frame.top + frame.height, stroke: look.text, opacity: 0.5 });
    data.series.forEach(({ values: all, colour }) => {
      node(svg, "circle", { cx: x1, cy: y(all[at]), r: look.dot, fill: colour, stroke: look.back, "stroke-width": 1.5 });
    });
  }
  if (paper) key(svg, data, look);
  return { svg, frame };
}

function axes(svg, data, frame, look, { x, y, low, high }) {
  const bottom = frame.top + frame.height;
  const faint = { stroke: look.line, "stroke-width": 1 };
  for (const tick of axisTicks(low, high, 5)) {
    const strong = tick === 0 && low < 0 ? { stroke: look.text, "stroke-width": 1, opacity: 0.6 } : faint;
    node(svg, "line", { x1: frame.left, x2: frame.left + frame.width, y1: y(tick), y2: y(tick), ...strong });
    const text = data.y.percent ? `${Math.round(100 * tick)}` : String(tick).replace("-", "−");
    node(svg, "text", { x: frame.left - 7, y: y(tick) + 4, "text-anchor": "end", fill: look.text }, text);
  }
  const { values } = data.x;
  const [first, last] = [values[0], values[values.length - 1]];
  const middle = axisTicks(first, last, frame.width / (5.3 * look.size)).filter((tick) => Number.isInteger(tick));
  for (const tick of new Set([...(Number.isInteger(first) ? [first] : []), ...middle])) {
    const place = x(tick);
    node(svg, "line", { x1: place, x2: place, y1: bottom, y2: bottom + 4, stroke: look.text, opacity: 0.6 });
    node(svg, "text", { x: place, y: bottom + 17, "text-anchor": "middle", fill: look.text }, String(tick));
  }
  node(svg, "text", { x: frame.left + frame.width, y: bottom + 36, "text-anchor": "end", fill: look.text, opacity: 0.85 },
    data.x.title);
  node(svg, "text", { x: 2, y: frame.top - 9, fill: look.text, opacity: 0.85 }, data.y.title);
}

// Places with a name of their own, as dashed uprights; the name stands on the side that has room.
function marks(svg, data, frame, look, x) {
  data.marks.forEach(({ place, text, strong }, index) => {
    const at = x(data.x.values[place]);
    const line = { stroke: look.text, "stroke-dasharray": strong ? "none" : "3 4", opacity: strong ? 0.75 : 0.55 };
    node(svg, "line", { x1: at, x2: at, y1: frame.top, y2: frame.top + frame.height, ...line });
    if (!text) return;
    const left = at > frame.left + frame.width * 0.6;
    const label = { x: at + (left ? -5 : 5), y: frame.top + 13 + 15 * (index % 3), fill: look.text };
    node(svg, "text", {
      ...label, "text-anchor": left ? "end" : "start", stroke: look.back, "stroke-width": 3, "paint-order": "stroke",
    }, text);
  });
}

function key(svg, data, look) {
  let at = 12;
  for (const one of data.series) {
    node(svg, "line", { x1: at, x2: at + 18, y1: 40, y2: 40, stroke: one.colour, "stroke-width": 3, ...dashes(one) });
    node(svg, "text", { x: at + 24, y: 44, fill: look.text }, one.name);
    at += 40 + 6.6 * one.name.length;
  }
}
