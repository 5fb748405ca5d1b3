// The picture of a line chart: axes with titles, ticks, marked places, and the lines. For the screen and for paper.

const SVG = "http://www.w3.org/2000/svg";

function node(parent, name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  parent.appendChild(made);
  return made;
}

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

export function drawLines(data, width, height, look, at, paper = false) {
  const svg = document.createElementNS(SVG, "svg");
  const size = { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": look.font, "font-size": 12 };
  Object.entries(size).forEach(([key, value]) => svg.setAttribute(key, String(value)));
  if (paper) {
    node(svg, "rect", { width, height, fill: look.back });
    node(svg, "text", { x: 12, y: 22, "font-size": 14, "font-weight": 600, fill: look.text }, data.title);
    node(svg, "text", { x: 12, y: height - 8, "font-size": 9.5, fill: look.text }, data.recipe);
  }
  const frame = { left: 52, top: paper ? 66 : 22 };
  Object.assign(frame, { width: width - frame.left - 14, height: height - frame.top - (paper ? 66 : 46) });
  const { values } = data.x;
  const [low, high] = span(data);
  const x = (place) => frame.left + (values.length > 1 ? (place / (values.length - 1)) * frame.width : frame.width / 2);
  const y = (value) => frame.top + frame.height * (1 - (value - low) / (high - low));

  axes(svg, data, frame, look, { x, y, low, high });
  marks(svg, data, frame, look, x);
  data.series.forEach(({ values: all, colour, dashed }) => {
    const path = all.map((value, place) => `${place ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const manner = { d: path, fill: "none", stroke: colour, "stroke-width": 2, "stroke-linejoin": "round" };
    node(svg, "path", dashed ? { ...manner, "stroke-dasharray": "6 4" } : manner);
  });
  if (at !== null) {
    node(svg, "line", { x1: x(at), x2: x(at), y1: frame.top, y2: frame.top + frame.height, stroke: look.text, opacity: 0.5 });
    data.series.forEach(({ values: all, colour }) => {
      node(svg, "circle", { cx: x(at), cy: y(all[at]), r: 4, fill: colour, stroke: look.back, "stroke-width": 1.5 });
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
  const middle = axisTicks(first, last, frame.width / 64).filter((tick) => Number.isInteger(tick));
  for (const tick of new Set([first, ...middle])) {
    const place = x(tick - first);
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
    const at = x(place);
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
  for (const { name, colour, dashed } of data.series) {
    const line = { x1: at, x2: at + 18, y1: 40, y2: 40, stroke: colour, "stroke-width": 3 };
    node(svg, "line", dashed ? { ...line, "stroke-dasharray": "6 4" } : line);
    node(svg, "text", { x: at + 24, y: 44, fill: look.text }, name);
    at += 40 + 6.6 * name.length;
  }
}
