// The line chart of a step of the lesson, with a place that can be dragged: shares from 0 to 100 % over a rising quantity.
import { element } from "./dom.js";
import { across, CLASSROOM, drawLines, shape } from "./lines_svg.js";

const [WIDTH, NARROWEST, HEIGHT] = [560, 280, 250];

export class Chart {
  constructor(parent, seek) {
    this.root = parent.appendChild(element("figure", "chart"));
    this.legend = this.root.appendChild(element("div", "chart-legend"));
    this.stage = this.root.appendChild(element("div", "chart-stage"));
    this.note = this.root.appendChild(element("figcaption", "chart-note"));
    const move = (event) => {
      if (event.type === "pointermove" && !(event.buttons & 1)) return;
      const seen = this.stage.getBoundingClientRect();
      seek(this.nearest(((event.clientX - seen.left) / seen.width) * this.width));
    };
    this.stage.onpointerdown = move;
    this.stage.onpointermove = move;
    // On a phone the drawing is narrower, not smaller: its texts stay readable.
    this.sizes = new ResizeObserver(() => this.chart && this.fitted() !== this.width && this.show(this.chart));
    this.sizes.observe(this.root);
  }

  fitted() {
    return Math.max(NARROWEST, Math.min(WIDTH, this.root.clientWidth || WIDTH));
  }

  // The place whose value lies nearest to `at`, in units of the drawing.
  nearest(at) {
    const gaps = this.chart.x.map((value) => Math.abs(across({ values: this.chart.x }, this.frame)(value) - at));
    return gaps.indexOf(Math.min(...gaps));
  }

  show(chart) {
    this.chart = chart;
    this.root.hidden = !chart;
    if (!chart) return;
    this.width = this.fitted();
    const axes = { x: { title: chart.xLabel, values: chart.x }, y: { title: "", percent: true } };
    const marks = [chart.x.indexOf(chart.mark)].filter((place) => place >= 0).map((place) => ({ place, text: "" }));
    const { svg, frame } = drawLines({ ...axes, marks, series: chart.series }, this.width, HEIGHT, CLASSROOM, chart.at);
    this.frame = frame;
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${chart.yLabel}; ${chart.xLabel}. ${chart.note}`);
    this.stage.replaceChildren(svg);
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
