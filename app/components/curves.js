// Learning curves: Plotly draws them, and is only ever told what is new, so a zoom survives every update.
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

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
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
    this.buttons = [];
    const choice = (key, options) => {
      const group = element("div", "choice");
      group.setAttribute("role", "group");
      options.forEach(([text, value]) => {
        const button = element("button", "", text);
        button.type = "button";
        button.onclick = () => {
          this.view[key] = value;
          this.mark();
          this.draw();
        };
        this.buttons.push([button, key, value]);
        group.appendChild(button);
      });
      tools.appendChild(group);
    };
    choice("x", [[words.by_step, "step"], [words.by_time, "time"]]);
    choice("log", [[words.log, true], [words.linear, false]]);
    const grid = element("div", "grid");
    this.charts = this.data.charts.map(({ id, title }) => {
      const figure = element("figure");
      const head = element("div", "head");
      const plot = element("div", "plot");
      const empty = element("p", "empty");
      head.appendChild(element("h3", "", title));
      for (const kind of ["png", "svg"]) {
        const button = element("button", "quiet", kind.toUpperCase());
        button.type = "button";
        button.setAttribute("aria-label", `${title}: ${kind.toUpperCase()}`);
        button.onclick = () => this.saveAs(id, title, plot, kind);
        head.appendChild(button);
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

  mark() {
    this.buttons.forEach(([button, key, value]) => button.setAttribute("aria-pressed", String(this.view[key] === value)));
  }

  layout(chart, colours) {
    const { words } = this.data;
    const axis = { gridcolor: colours.line, linecolor: colours.line, zeroline: false, automargin: true, tickfont: { size: 12 } };
    const logarithmic = chart === "loss" && this.view.log;
    const time = this.view.x === "time";
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
      dragmode: window.matchMedia("(pointer: coarse)").matches ? false : "zoom",
      showlegend: true,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12.5 } },
      xaxis: { ...axis, uirevision: this.view.x, rangemode: "tozero", title: { text: time ? words.time : words.step, standoff: 8, font: { size: 12.5 } },
        ...(time || !this.data.steps ? { autorange: true } : { range: [0, this.data.steps] }) },
      yaxis: { ...axis, uirevision: String(logarithmic), type: logarithmic ? "log" : "linear",
        ...(logarithmic ? { tickformat: "~g" } : {}),
        ...(chart === "accuracy" ? { range: [0, 1.02], tickformat: ".0%" } : { rangemode: logarithmic ? "normal" : "tozero", hoverformat: ".4g" }) },
    };
  }

  draw() {
    if (!window.Plotly || !this.data) return;
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(name).trim();
    const colours = { text: read("--st-text-color"), back: read("--st-background-color"), line: read("--st-border-color"), font: read("--st-font") };
    const scale = this.view.x === "time" ? "times" : "steps";
    this.charts.forEach(({ id, plot }) => {
      const traces = this.data.series.filter((one) => one.chart === id).map((one) => ({
        type: "scatter", mode: one.values.length < 40 ? "lines+markers" : "lines", name: one.name, x: one[scale], y: one.values,
        line: { color: one.colour, width: one.wide ? 2.4 : 1.6, dash: one.dash }, marker: { size: 5 },
        hovertemplate: id === "accuracy" ? "%{y:.1%}" : "%{y:.4g}",
      }));
      window.Plotly.react(plot, traces, this.layout(id, colours), { displayModeBar: false, responsive: false });
    });
  }

  async saveAs(id, title, plot, kind) {
    const white = { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
    const layout = { ...plot.layout, ...white, font: { ...plot.layout.font, color: "#1d2228" }, title: { text: "" } };
    const size = { format: kind, width: 800, height: 480, scale: 2 };
    const address = await window.Plotly.toImage({ data: plot.data, layout: { ...layout, margin: { l: 50, r: 20, t: 40, b: 50 } } }, size);
    const blob = kind === "svg"
      ? new Blob([decodeURIComponent(address.slice(address.indexOf(",") + 1))], { type: "image/svg+xml" })
      : await (async () => {
        const letters = atob(address.slice(address.indexOf(",") + 1));
        return new Blob([Uint8Array.from(letters, (letter) => letter.charCodeAt(0))], { type: "image/png" });
      })();
    save(`${fileName(this.data.name, id)}.${kind}`, blob);
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
