// Lines over one axis of whole numbers, drawn as SVG: the place that is pointed at is read out below the chart and told
// to the boards if it stands for a cell; a pressed place goes to the page's script. Everything else stays here.
import { button, element, fill } from "./dom.js";
import { fileName, save, saveCanvas, saveTable } from "./export.js";
import { drawLines, PAPER, SCREEN } from "./lines_svg.js";
import { table, Tables } from "./tables.js";

const EVENT = "mvfa-board-cell";
const TALL = 280;

class Lines {
  constructor(parent) {
    this.root = parent.appendChild(element("figure", "lines"));
    const head = this.root.appendChild(element("div", "head"));
    this.key = head.appendChild(element("div", "key"));
    const ways = [["PNG", () => this.savePng()], ["SVG", () => this.saveSvg()], ["CSV", () => this.saveCsv()]];
    this.saves = ways.map(([kind, act]) => [kind, head.appendChild(button(kind, act, "quiet"))]);
    this.stage = this.root.appendChild(element("div", "stage"));
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.readout = this.root.appendChild(element("div", "readout"));
    this.readout.setAttribute("aria-live", "polite");
    this.tables = new Tables("", () => this.tabulate());
    this.root.appendChild(this.tables.root);
    this.stage.onpointermove = (event) => this.point(this.placeAt(event));
    this.stage.onpointerleave = () => this.point(null);
    this.stage.onclick = (event) => this.choose(this.placeAt(event));
    this.stage.onkeydown = (event) => this.move(event);
    this.stage.onblur = () => this.point(null);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.stage);
    this.at = null;
  }

  update(data, press) {
    Object.assign(this, { data, press });
    if (this.at !== null && this.at >= data.x.values.length) this.at = null;
    this.stage.setAttribute("aria-label", data.title);
    this.stage.classList.toggle("choosing", Boolean(data.choose));
    this.saves.forEach(([kind, node]) => node.setAttribute("aria-label", fill(data.words.save, { title: data.title, kind })));
    this.key.replaceChildren(...data.series.map(({ name, colour, dash }) => {
      const entry = element("span", "entry");
      const swatch = entry.appendChild(element("i", dash ? "dashed" : ""));
      swatch.style.setProperty("--swatch", colour);
      entry.appendChild(element("span", "", name));
      return entry;
    }));
    this.tables.title.textContent = data.words.table;
    this.tables.show(data);
    this.draw();
  }

  tabulate() {
    const { x, y, series, title } = this.data;
    const rows = x.values.map((value, place) => [value, ...series.map((one) => this.number(one.values[place]))]);
    return [table(`${title}: ${y.title}`, [x.title, ...series.map(({ name }) => name)], rows)];
  }

  // --- pointing and choosing ---

  placeAt(event) {
    if (!this.frame) return null;
    const { left, width } = this.frame;
    const share = (event.clientX - this.stage.getBoundingClientRect().left - left) / width;
    const count = this.data.x.values.length;
    return Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));
  }

  point(place) {
    if (place === this.at) return;
    this.at = place;
    this.draw();
    const cell = place === null ? null : this.data.cells?.[place] ?? null;
    if (this.data.cells) {
      window.dispatchEvent(new CustomEvent(EVENT, { detail: { channel: this.data.channel, hover: cell } }));
    }
  }

  choose(place) {
    if (place !== null && this.data.choose) this.press(this.data.x.values[place]);
  }

  move(event) {
    const last = this.data.x.values.length - 1;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      const from = this.at ?? Math.max(0, this.data.x.values.indexOf(this.data.chosen));
      this.point(Math.max(0, Math.min(last, from + moves[event.key])));
    } else if (event.key === "Enter") this.choose(this.at);
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
  }

  number(value) {
    if (this.data.y.percent) return `${(100 * value).toFixed(1)} %`;
    return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  }

  // --- drawing ---

  draw() {
    if (!this.data || !this.stage.clientWidth) return;
    const { svg, frame } = drawLines(this.data, this.stage.clientWidth, TALL, SCREEN, this.at);
    this.frame = frame;
    this.stage.replaceChildren(svg);
    const { x, series, words } = this.data;
    const place = this.at ?? x.values.indexOf(this.data.chosen);
    const values = series.map((one) => `${one.name} ${this.number(one.values[place] ?? NaN)}`);
    const at = fill(words.at, { value: x.values[place] });
    this.readout.textContent = place < 0 ? "" : [at, ...values].join(", ");
  }

  // --- files ---

  paper() {
    const { svg } = drawLines(this.data, 760, 420, PAPER, null, true);
    return new XMLSerializer().serializeToString(svg);
  }

  saveSvg() {
    save(`${fileName(this.data.name)}.svg`, new Blob([this.paper()], { type: "image/svg+xml" }));
  }

  savePng() {
    const picture = new Image();
    picture.onload = () => {
      const canvas = element("canvas");
      Object.assign(canvas, { width: 3 * 760, height: 3 * 420 });
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      saveCanvas(canvas, this.data.name);
    };
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.paper())}`;
  }

  saveCsv() {
    const { x, series, recipe } = this.data;
    const rows = x.values.map((value, place) => [value, ...series.map((one) => one.values[place])]);
    const head = [x.title, ...series.map(({ name }) => `${name}, ${this.data.y.title}`)];
    saveTable(this.data.name, [head, ...rows], recipe);
  }

  close() {
    this.sizes.disconnect();
  }
}

export default function lines({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaLines ??= new Lines(parentElement));
  mounted.update(data, (value) => setTriggerValue("picked", value));
  return () => mounted.close();
}
