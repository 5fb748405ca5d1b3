// Learning curves: Plotly draws them, and is only ever told what is new, so a zoom survives every update.
import { button, choice, element } from "./dom.js";
import { fileName, save } from "./export.js";

let plotly;

function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = document.createElement("script");
    script.src = new URL(address, document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = undefined;
      reject(new Error("plotly.min.js did not load"));
    };
    document.head.appendChild(script);
    return undefined;
  });
  return plotly;
}

class Curves {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "mvfa-curves"));
    this.view = { x: "step", log: true };
    this.sizes = new ResizeObserver(() => this.charts?.forEach(({ plot }) => {
      if (plot.data && plot.clientWidth) window.Plotly.Plots.resize(plot);
    }));
  }

  async update(data) {
    const first = !this.data;
    this.data = data;
    if (first) this.build();
    this.mark();
    this.charts.forEach((chart) => {
      chart.empty.hidden = data.series.some((one) => one.chart === chart.id && one.values.length);
      chart.empty.textContent = data.words.empty;
    });
    await loadPlotly(data.plotly);
    this.draw();
  }

  build() {
    const { words } = this.data;
    const tools = element("div", "tools");
    const set = (key) => (value) => {
      this.view[key] = value;
      this.mark();
      this.draw();
    };
    const scale = choice([[words.by_step, "step"], [words.by_time, "time"]], set("x"));
    const axis = choice([[words.log, true], [words.linear, false]], set("log"));
    tools.append(scale.group, axis.group);
    this.mark = () => {
      scale.mark(this.view.x);
      axis.mark(this.view.log);
    };
    const grid = element("div", "grid");
    this.charts = this.data.charts.map(({ id, title }) => {
      const figure = element("figure");
      const head = element("div", "head");
      const plot = element("div", "plot");
      const empty = element("p", "empty");
      head.appendChild(element("h3", "", title));
      for (const kind of ["png", "svg"]) {
        const save = button(kind.toUpperCase(), () => this.saveAs(id, plot, kind), "quiet");
        save.setAttribute("aria-label", `${title}: ${kind.toUpperCase()}`);
        head.appendChild(save);
      }
      const stage = element("div", "stage");
      stage.append(plot, empty);
      figure.append(head, stage);
      grid.appendChild(figure);
      this.sizes.observe(stage);
      return { id, plot, empty };
    });
    this.root.append(tools, grid);
  }

  layout(chart, colours, decades) {
    const { words, steps } = this.data;
    const axis = { gridcolor: colours.line, linecolor: colours.line, zeroline: false, automargin: true };
    axis.tickfont = { size: 12 };
    const logarithmic = chart === "loss" && this.view.log;
    const time = this.view.x === "time";
    const x = { ...axis, uirevision: this.view.x, rangemode: "tozero" };
    x.title = { text: time ? words.time : words.step, standoff: 8, font: { size: 12.5 } };
    Object.assign(x, time || !steps ? { autorange: true } : { range: [0, steps] });
    const y = { ...axis, uirevision: String(logarithmic), type: logarithmic ? "log" : "linear" };
    if (chart === "accuracy") Object.assign(y, { range: [0, 1.02], tickformat: ".0%" });
    else Object.assign(y, { rangemode: logarithmic ? "normal" : "tozero", hoverformat: ".4g" });
    // Over a few decades 1, 2, 5; over many only the powers of ten.
    if (logarithmic) Object.assign(y, { tickformat: "~g", dtick: decades > 5 ? 1 : "D2" });
    return {
      uirevision: "kept",
      margin: { l: 8, r: 12, t: 8, b: 8 },
      height: 300,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: colours.font, color: colours.text, size: 13 },
      hovermode: "x unified",
      hoverlabel: { bgcolor: colours.back, bordercolor: colours.line, font: { color: colours.text, size: 12 } },
      // On a touch screen a drag scrolls the page.
      dragmode: window.matchMedia("(pointer: coarse)").matches ? false : "zoom",
      showlegend: true,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12.5 } },
      xaxis: x,
      yaxis: y,
    };
  }

  draw() {
    if (!window.Plotly || !this.data) return;
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(name).trim();
    const colours = { text: read("--st-text-color"), back: read("--st-background-color") };
    Object.assign(colours, { line: read("--st-border-color"), font: read("--st-font") });
    const scale = this.view.x === "time" ? "times" : "steps";
    this.charts.forEach(({ id, plot }) => {
      const shown = this.data.series.filter((one) => one.chart === id);
      const traces = shown.map((one) => ({
        type: "scatter",
        mode: one.values.length < 40 ? "lines+markers" : "lines",
        name: one.name,
        x: one[scale],
        y: one.values,
        line: { color: one.colour, width: one.wide ? 2.4 : 1.6, dash: one.dash },
        marker: { size: 5 },
        hovertemplate: id === "accuracy" ? "%{y:.1%}" : "%{y:.4g}",
      }));
      const values = shown.flatMap((one) => one.values).filter((value) => value > 0);
      const decades = values.length ? Math.log10(Math.max(...values) / Math.min(...values)) : 0;
      const options = { displayModeBar: false, responsive: false };
      window.Plotly.react(plot, traces, this.layout(id, colours, decades), options);
    });
  }

  async saveAs(id, plot, kind) {
    const layout = { ...plot.layout, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
    // A font that every program has, and lines for white paper.
    layout.font = { ...plot.layout.font, color: "#1d2228", family: "Arial, sans-serif" };
    for (const axis of ["xaxis", "yaxis"]) {
      layout[axis] = { ...plot.layout[axis], gridcolor: "#dcdcd4", linecolor: "#dcdcd4" };
    }
    layout.margin = { l: 50, r: 20, t: 40, b: 50 };
    const size = { format: kind, width: 800, height: 480, scale: 2 };
    const address = await window.Plotly.toImage({ data: plot.data, layout }, size);
    const body = address.slice(address.indexOf(",") + 1);
    const content = kind === "svg" ? decodeURIComponent(body) : Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
    const type = kind === "svg" ? "image/svg+xml" : "image/png";
    save(`${fileName(this.data.name, id)}.${kind}`, new Blob([content], { type }));
  }

  close() {
    this.sizes.disconnect();
    this.charts?.forEach(({ plot }) => window.Plotly?.purge(plot));
  }
}

export default async function curves({ data, parentElement }) {
  const mounted = (parentElement.mvfaCurves ??= new Curves(parentElement));
  await mounted.update(data);
  return () => mounted.close();
}
