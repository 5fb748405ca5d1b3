// Learning curves: Plotly draws them, and is only ever told what is new, so a zoom survives every update. Axes, smoothing
// and the marked step are this side's business: the server sends the curves and nothing else.
import { onPublish, tell, told } from "./address.js";
import { button, choice, element, fill } from "./dom.js";
import { fileName, save } from "./export.js";
import { followStep, tellStep } from "./step.js";
import { share, table, Tables } from "./tables.js";
import { gapsIn, stepAt, timeAt, tracesOf, unitOf } from "./traces.js";

// Kept for the session of the page: another run is looked at in the same manner.
const view = (window.mvfaCurvesView ??= {
  x: told("by", /^time$/) ?? "step",
  log: !told("loss", /^linear$/),
  logX: Boolean(told("across", /^log$/)),
  smooth: Number(told("smooth", /^[1-9][0-9]?$/) ?? 0) / 100,
});
const MOST_ROWS = 200;

function publish() {
  const percent = Math.round(100 * view.smooth);
  tell({
    by: view.x === "time" ? "time" : null,
    loss: view.log ? null : "linear",
    across: view.logX ? "log" : null,
    smooth: percent ? String(percent) : null,
  });
}

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
    this.step = null;
    this.chosen = null;
    this.sizes = new ResizeObserver(() => this.charts?.forEach((chart) => {
      if (chart.plot.data && chart.plot.clientWidth) this.work(chart, window.Plotly.Plots.resize(chart.plot));
    }));
    this.stopFollowing = followStep((step) => this.follow(step));
    this.stopPublishing = onPublish(publish);
  }

  // Plotly goes on with a chart after it has returned: one that leaves the page is cleared when that is over.
  work(chart, drawing) {
    const done = drawing.then(() => chart.gone || this.mark()).catch((error) => chart.gone || reportError(error));
    chart.done = Promise.all([chart.done, done]);
  }

  async update(data) {
    const { charts } = data;
    if (this.data?.name !== data.name) Object.assign(this, { step: null, chosen: null });
    this.data = data;
    const built = JSON.stringify([{ ...data.words, empty: "" }, charts.map(({ id }) => id)]);
    if (built !== this.built) this.build();
    this.built = built;
    this.charts.forEach((chart, index) => {
      chart.title.textContent = charts[index].title;
      chart.empty.hidden = data.series.some((one) => one.chart === chart.id && one.values.length);
      chart.empty.textContent = data.words.empty;
      chart.stage.setAttribute("aria-label", fill(data.words.chart, { title: charts[index].title }));
      chart.saves.forEach(([node, kind]) => {
        node.setAttribute("aria-label", fill(data.words.save, { title: charts[index].title, kind: kind.toUpperCase() }));
      });
    });
    this.showTools();
    this.tables.show(data);
    publish();
    await loadPlotly(data.plotly);
    this.draw();
  }

  // --- building ---

  build() {
    this.clear();
    this.sizes.disconnect();
    this.root.replaceChildren();
    const grid = element("div", "grid");
    this.charts = this.data.charts.map(({ id }) => this.buildChart(id));
    grid.append(...this.charts.map(({ figure }) => figure));
    this.tables = new Tables(this.data.words.table, () => this.tabulate());
    this.root.append(this.buildTools(), grid, this.tables.root);
  }

  buildTools() {
    const { words } = this.data;
    const tools = element("div", "tools");
    const set = (key) => (value) => {
      view[key] = value;
      publish();
      this.showTools();
      this.draw();
    };
    const axis = choice([[words.by_step, "step"], [words.by_time, "time"]], set("x"));
    const stretch = choice([[words.linear_x, false], [words.log_x, true]], set("logX"));
    const loss = choice([[words.log, true], [words.linear, false]], set("log"));
    axis.group.setAttribute("aria-label", words.horizontal);
    stretch.group.setAttribute("aria-label", words.horizontal);
    const label = element("label", "smooth");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: 99, step: 1 });
    slider.oninput = () => set("smooth")(Number(slider.value) / 100);
    const shown = element("output");
    label.append(element("span", "", words.smooth), slider, shown);
    tools.append(axis.group, stretch.group, loss.group, label);
    this.showTools = () => {
      axis.mark(view.x);
      stretch.mark(view.logX);
      loss.mark(view.log);
      slider.value = String(Math.round(100 * view.smooth));
      shown.textContent = view.smooth ? view.smooth.toFixed(2) : words.off;
    };
    return tools;
  }

  buildChart(id) {
    const figure = element("figure");
    const head = element("div", "head");
    const plot = element("div", "plot");
    const empty = element("p", "empty");
    const title = head.appendChild(element("h3"));
    const saves = ["png", "svg"].map((kind) => [button(kind.toUpperCase(), () => this.saveAs(id, plot, kind), "quiet"), kind]);
    head.append(...saves.map(([node]) => node));
    const stage = element("div", "stage");
    const marker = element("div", "marker");
    stage.append(plot, marker, empty);
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.onkeydown = (event) => this.key(event, id);
    const readout = element("div", "readout");
    readout.setAttribute("aria-live", "polite");
    const gaps = element("p", "gaps");
    gaps.setAttribute("role", "status");
    figure.append(head, stage, readout, gaps);
    this.sizes.observe(stage);
    return { id, figure, title, stage, plot, empty, marker, readout, gaps, saves };
  }

  listen(plot) {
    if (plot.mvfaListens) return;
    plot.mvfaListens = true;
    const step = ({ points }) => points[0]?.customdata?.[0] ?? null;
    plot.on("plotly_hover", (event) => tellStep(this.data.name, step(event)));
    plot.on("plotly_unhover", () => tellStep(this.data.name, this.chosen, this.chosen !== null));
    plot.on("plotly_click", (event) => tellStep(this.data.name, step(event), true));
    plot.on("plotly_relayout", () => this.mark());
  }

  // --- the marked step, the same for all of the page ---

  follow({ run, step, chosen }) {
    if (!this.data || (run !== null && run !== this.data.name)) return;
    this.step = step;
    if (chosen) this.chosen = step;
    this.mark();
  }

  key(event, id) {
    const series = this.longest(id);
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key in moves && series) {
      const last = series.steps.length - 1;
      const from = this.step === null ? last : series.steps.findLastIndex((step) => step <= this.step);
      tellStep(this.data.name, series.steps[Math.max(0, Math.min(last, from + moves[event.key]))]);
    } else if (event.key === "Enter" && this.step !== null) {
      tellStep(this.data.name, this.step, true);
    } else if (event.key === "Escape") {
      tellStep(this.data.name, null, true);
    } else return;
    event.preventDefault();
  }

  longest(id) {
    const shown = this.data.series.filter((one) => one.chart === id);
    return shown.sort((one, two) => two.steps.length - one.steps.length)[0];
  }

  mark() {
    this.charts?.forEach(({ id, plot, marker, readout }) => {
      const axis = plot._fullLayout?.xaxis;
      const series = this.longest(id);
      if (!axis || this.step === null || !series) {
        marker.hidden = true;
        readout.textContent = "";
        return;
      }
      const at = axis.d2p(view.x === "time" ? timeAt(series, this.step) : this.step);
      const size = plot._fullLayout._size;
      marker.hidden = !(at >= 0 && at <= axis._length);
      Object.assign(marker.style, { left: `${size.l + at}px`, top: `${size.t}px`, height: `${size.h}px` });
      readout.textContent = this.read(id);
    });
  }

  number(id, value) {
    if (value === null) return this.data.words.no_number;
    return id === "accuracy" ? `${share(value)} %` : value.toPrecision(4);
  }

  read(id) {
    const values = this.data.series.filter((one) => one.chart === id && one.steps.length)
      .map((one) => [one.name, stepAt(one, this.step)])
      .filter(([, place]) => place !== null)
      .map(([name, { value }]) => `${name} ${this.number(id, value)}`);
    return [`${this.data.words.step} ${this.step}`, ...values].join(", ");
  }

  // A row for every step that a curve tells of, at most MOST_ROWS of them; the newest one always.
  tabulate() {
    return this.data.charts.map(({ id, title }) => {
      const series = this.data.series.filter((one) => one.chart === id && one.steps.length);
      const steps = [...new Set(series.flatMap((one) => one.steps))].sort((one, other) => one - other);
      const stride = Math.ceil(steps.length / MOST_ROWS);
      const kept = steps.filter((_, place) => (steps.length - 1 - place) % stride === 0);
      const rows = kept.map((step) => [step, ...series.map((one) => {
        const place = one.steps.indexOf(step);
        return place < 0 ? "" : this.number(id, one.values[place]);
      })]);
      return table(title, [this.data.words.step, ...series.map(({ name }) => name)], rows);
    });
  }

  // --- drawing ---

  layout(chart, colours, decades) {
    const { words, steps, name } = this.data;
    const axis = { gridcolor: colours.line, linecolor: colours.line, zeroline: false, automargin: true };
    axis.tickfont = { size: 12 };
    const logarithmic = chart === "loss" && view.log;
    const time = view.x === "time";
    const x = { ...axis, uirevision: `${name}-${view.x}-${view.logX}`, type: view.logX ? "log" : "linear" };
    x.title = { text: time ? words.time : words.step, standoff: 8, font: { size: 12.5 } };
    if (time || view.logX || !steps) Object.assign(x, { autorange: true, rangemode: view.logX ? "normal" : "tozero" });
    else x.range = [0, steps];
    const y = { ...axis, uirevision: `${name}-${logarithmic}`, type: logarithmic ? "log" : "linear" };
    if (chart === "accuracy") Object.assign(y, { range: [0, 1.02], tickformat: ".0%" });
    else Object.assign(y, { rangemode: logarithmic ? "normal" : "tozero", hoverformat: ".4g" });
    // Over a few decades 1, 2, 5; over many only the powers of ten.
    if (logarithmic) Object.assign(y, { tickformat: "~g", dtick: decades > 5 ? 1 : "D2" });
    return {
      uirevision: name,
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
    if (!window.Plotly || !this.data || this.closed) return;
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(name).trim();
    const colours = { text: read("--st-text-color"), back: read("--st-background-color") };
    Object.assign(colours, { line: read("--st-border-color"), font: read("--st-font") });
    const unit = unitOf(this.data.series);
    this.charts.forEach((chart) => {
      const { id, plot } = chart;
      const shown = this.data.series.filter((one) => one.chart === id);
      const references = this.data.references.filter((one) => one.chart === id);
      const traces = tracesOf(shown, references, { view, unit, steps: this.data.steps, words: this.data.words });
      const values = shown.flatMap((one) => one.values).filter((value) => value > 0); // null is not
      const decades = values.length ? Math.log10(Math.max(...values) / Math.min(...values)) : 0;
      const { words } = this.data;
      const gaps = gapsIn(shown, id === "loss" && view.log).map(([why, name, step]) => fill(words[`gap_${why}`], { name, step }));
      if (chart.gaps.textContent !== gaps.join(" ")) chart.gaps.textContent = gaps.join(" ");
      const options = { displayModeBar: false, responsive: false };
      this.work(chart, window.Plotly.react(plot, traces, this.layout(id, colours, decades), options));
      this.listen(plot);
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
    this.stopFollowing();
    this.stopPublishing();
    this.sizes.disconnect();
    this.closed = true;
    this.clear();
  }

  clear() {
    this.charts?.forEach((chart) => {
      chart.gone = true;
      chart.done?.then(() => window.Plotly.purge(chart.plot));
    });
  }
}

export default async function curves({ data, parentElement }) {
  const mounted = (parentElement.mvfaCurves ??= new Curves(parentElement));
  await mounted.update(data);
  return () => mounted.close();
}
