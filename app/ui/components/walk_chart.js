// A small line chart with a mark that can be dragged: shares from 0 to 100 % over a rising quantity.
import { element } from "./dom.js";

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, NARROWEST, HEIGHT] = [560, 280, 250];
const EDGE = { left: 46, right: 12, top: 10, bottom: 42 };

function shape(tag, attributes, text) {
  const made = document.createElementNS(SPACE, tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Chart {
  constructor(parent, seek) {
    this.root = parent.appendChild(element("figure", "chart"));
    this.legend = this.root.appendChild(element("div", "chart-legend"));
    this.width = WIDTH;
    this.svg = this.root.appendChild(shape("svg", { role: "img" }));
    this.note = this.root.appendChild(element("figcaption", "chart-note"));
    const move = (event) => {
      if (event.type === "pointermove" && !(event.buttons & 1)) return;
      const frame = this.svg.getBoundingClientRect();
      const at = ((event.clientX - frame.left) / frame.width) * this.width;
      let best = 0;
      this.chart.x.forEach((value, i) => {
        if (Math.abs(this.place(value) - at) < Math.abs(this.place(this.chart.x[best]) - at)) best = i;
      });
      seek(best);
    };
    this.svg.onpointerdown = move;
    this.svg.onpointermove = move;
    // On a phone the drawing is narrower, not smaller: its texts stay readable.
    this.sizes = new ResizeObserver(() => this.chart && this.fit() && this.show(this.chart));
    this.sizes.observe(this.root);
  }

  // Whether the width of the drawing had to change.
  fit() {
    const width = Math.max(NARROWEST, Math.min(WIDTH, this.root.clientWidth || WIDTH));
    const changed = width !== this.width;
    this.width = width;
    return changed;
  }

  place(value) {
    const { x } = this.chart;
    const span = x[x.length - 1] - x[0] || 1;
    return EDGE.left + ((value - x[0]) / span) * (this.width - EDGE.left - EDGE.right);
  }

  show(chart) {
    this.chart = chart;
    this.root.hidden = !chart;
    if (!chart) return;
    this.fit();
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const tall = HEIGHT - EDGE.top - EDGE.bottom;
    const level = (share) => EDGE.top + tall * (1 - share);
    const parts = [];
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(shape("line", { x1: EDGE.left, x2: this.width - EDGE.right, y1: level(share), y2: level(share), class: "grid-line" }));
      parts.push(shape("text", { x: EDGE.left - 6, y: level(share) + 5, class: "tick end" }, String(100 * share)));
    }
    const ends = [chart.x[0], chart.x[chart.x.length - 1]];
    const middle = [...new Set([0.25, 0.5, 0.75].map((share) => Math.round(ends[0] + share * (ends[1] - ends[0]))))];
    const ticks = [ends[0], ...middle.filter((value) => value > ends[0] && value < ends[1]), ends[1]];
    new Set(ticks).forEach((value) => {
      parts.push(shape("text", { x: this.place(value), y: HEIGHT - 24, class: "tick" }, String(Math.round(value))));
    });
    parts.push(shape("text", { x: (EDGE.left + this.width - EDGE.right) / 2, y: HEIGHT - 5, class: "tick" }, chart.xLabel));
    if (chart.mark) {
      const at = this.place(chart.mark);
      parts.push(shape("line", { x1: at, x2: at, y1: EDGE.top, y2: EDGE.top + tall, class: "own-line" }));
    }
    chart.series.forEach(({ values, colour, dash }) => {
      const points = values.map((value, i) => `${this.place(chart.x[i])},${level(value)}`).join(" ");
      parts.push(shape("polyline", { points, stroke: colour, "stroke-dasharray": dash, class: "curve" }));
    });
    const at = this.place(chart.x[chart.at]);
    parts.push(shape("line", { x1: at, x2: at, y1: EDGE.top, y2: EDGE.top + tall, class: "cursor-line" }));
    chart.series.forEach(({ values, colour }) => {
      parts.push(shape("circle", { cx: at, cy: level(values[chart.at]), r: 6, fill: colour, class: "cursor-dot" }));
    });
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", `${chart.yLabel}; ${chart.xLabel}. ${chart.note}`);
    const axis = element("span", "chart-axis", chart.yLabel);
    this.legend.replaceChildren(axis, ...chart.series.map(({ name, colour, dash }) => {
      const item = element("span", "chart-item");
      const line = shape("svg", { viewBox: "0 0 30 10", "aria-hidden": "true" });
      line.append(shape("line", { x1: 1, x2: 29, y1: 5, y2: 5, stroke: colour, "stroke-width": 3, "stroke-dasharray": dash }));
      item.append(line, element("span", "", name));
      return item;
    }));
    this.note.textContent = chart.note;
  }
}
