// The confusion matrix on a canvas: rows are true classes, columns answers; a pressed cell goes to the page's script.
// The arrow keys move, Enter presses; what a cell holds stands in words below.
import { element, fill } from "./dom.js";
import { saveCanvas, saveJsonOf, saveTable } from "./export.js";
import { saveLine } from "./saves.js";
import { table, Tables } from "./tables.js";

const LARGEST = 46;
const SMALLEST = 9;
const NAMED = 14; // px a cell needs for its class to be named beside it
const NUMBERED = 22; // and for its count to be written into it

class Matrix {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "matrix"));
    this.frame = this.root.appendChild(element("div", "frame"));
    this.canvas = this.frame.appendChild(element("canvas"));
    this.readout = this.root.appendChild(element("p", "readout"));
    this.readout.setAttribute("aria-live", "polite");
    this.saves = this.root.appendChild(element("div"));
    this.tables = new Tables("", () => this.tabulate());
    this.root.appendChild(this.tables.root);
    Object.assign(this.canvas, { tabIndex: 0, onkeydown: (event) => this.key(event) });
    this.canvas.setAttribute("role", "group");
    this.canvas.onpointermove = (event) => this.point(this.cellAt(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.choose(this.cellAt(event));
    this.canvas.onfocus = () => this.point(this.at ?? this.data.selected ?? [0, 0]);
    this.canvas.onblur = () => this.point(null);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.frame);
  }

  update(data, press) {
    Object.assign(this, { data, press });
    this.counts = new Map(data.cells.map(([row, column, count]) => [row * data.classes.length + column, count]));
    this.totals = data.classes.map(() => 0);
    data.cells.forEach(([row, , count]) => (this.totals[row] += count));
    const right = data.cells.reduce((sum, [row, column, count]) => sum + (row === column ? count : 0), 0);
    const all = this.totals.reduce((sum, count) => sum + count, 0);
    this.canvas.setAttribute("aria-label", `${data.words.label} ${fill(data.words.sum, { right, all })}`);
    const makers = { PNG: () => this.savePng(), CSV: () => this.saveCsv(), JSON: () => this.saveJson() };
    this.saves.replaceChildren(saveLine(data.words.save, data.words.title, makers));
    this.tables.title.textContent = data.words.table;
    this.tables.show(data);
    this.draw();
    this.say();
  }

  count([row, column]) {
    return this.counts.get(row * this.data.classes.length + column) ?? 0;
  }

  tabulate() {
    const { cells, classes, words } = this.data;
    const rows = cells.map(([row, column, count]) => [classes[row], classes[column], count]);
    return [table(words.table_caption, words.table_head, rows)];
  }

  // --- files ---

  // Rows are true classes and columns answers, all of them, those without a picture too.
  rows() {
    const { classes } = this.data;
    return classes.map((_, row) => classes.map((__, column) => this.count([row, column])));
  }

  saveCsv() {
    const { classes, words } = this.data;
    saveTable(words.title, [[words.corner, ...classes], ...this.rows().map((counts, row) => [classes[row], ...counts])]);
  }

  saveJson() {
    const { classes, words } = this.data;
    saveJsonOf({ title: words.title, rows: words.corner, classes, counts: this.rows() }, words.title);
  }

  // As it stands on the screen, on the page's own ground.
  savePng() {
    const canvas = element("canvas");
    Object.assign(canvas, { width: this.canvas.width, height: this.canvas.height });
    const paint = canvas.getContext("2d");
    paint.fillStyle = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff";
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.drawImage(this.canvas, 0, 0);
    saveCanvas(canvas, this.data.words.title);
  }

  // --- moving and pressing ---

  cellAt({ offsetX, offsetY }) {
    const count = this.data.classes.length;
    const [column, row] = [Math.floor((offsetX - this.left) / this.cell), Math.floor((offsetY - this.top) / this.cell)];
    return row >= 0 && column >= 0 && row < count && column < count ? [row, column] : null;
  }

  point(cell) {
    if (String(cell) === String(this.at)) return;
    this.at = cell;
    this.draw();
    this.say();
  }

  choose(cell) {
    if (!cell) return;
    this.at = cell;
    const same = String(cell) === String(this.data.selected);
    this.press(same ? [] : cell);
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const last = this.data.classes.length - 1;
    const [row, column] = this.at ?? [0, 0];
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      const inside = (value) => Math.max(0, Math.min(last, value));
      this.point([inside(row + down), inside(column + right)]);
    } else if (event.key === "Enter" || event.key === " ") this.choose([row, column]);
    else if (event.key === "Escape" && this.data.selected) this.press([]);
    else return;
    event.preventDefault();
  }

  say() {
    const { classes, selected, words } = this.data;
    const cell = this.at ?? selected;
    if (!cell) {
      this.readout.textContent = words.hint;
      return;
    }
    const [row, column] = cell;
    const values = { truth: classes[row], answer: classes[column], count: this.count(cell), total: this.totals[row] };
    this.readout.textContent = fill(row === column ? words.right : words.wrong, values);
  }

  // --- drawing ---

  draw() {
    if (!this.data || !this.frame.clientWidth) return;
    const { classes } = this.data;
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(name).trim();
    const paint = this.canvas.getContext("2d");
    const font = `12px ${read("--st-font") || "sans-serif"}`;
    paint.font = font;
    const longest = Math.min(110, Math.max(...classes.map((name) => paint.measureText(name).width)) + 10);
    const fits = (margin) => (this.frame.clientWidth - margin - 2) / classes.length;
    const named = fits(longest) >= NAMED;
    [this.left, this.top] = named ? [longest, longest] : [2, 2];
    this.cell = Math.floor(Math.max(SMALLEST, Math.min(LARGEST, fits(this.left))));
    const [width, height] = [this.left, this.top].map((margin) => margin + this.cell * classes.length + 2);
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    paint.scale(ratio, ratio);
    paint.font = font;
    Object.assign(paint, { textBaseline: "middle", fillStyle: read("--st-text-color") });
    if (named) this.names(paint);
    this.cells(paint, read("--st-border-color"), read("--st-text-color"));
    this.mark(paint, this.data.selected, read("--st-text-color"), 2.5);
    this.mark(paint, this.at, read("--st-primary-color"), 2);
  }

  names(paint) {
    const shorten = (name) => {
      let text = name;
      while (text.length > 2 && paint.measureText(text).width > this.left - 8) text = `${text.slice(0, -2)}…`;
      return text;
    };
    this.data.classes.map(shorten).forEach((name, place) => {
      const middle = (place + 0.5) * this.cell;
      paint.textAlign = "right";
      paint.fillText(name, this.left - 6, this.top + middle);
      paint.save();
      paint.translate(this.left + middle, this.top - 6);
      paint.rotate(-Math.PI / 2);
      paint.textAlign = "left";
      paint.fillText(name, 0, 0);
      paint.restore();
    });
  }

  cells(paint, line, text) {
    const { classes, right, wrong } = this.data;
    const side = this.cell * classes.length;
    Object.assign(paint, { strokeStyle: line, lineWidth: 1, textAlign: "center" });
    paint.strokeRect(this.left - 0.5, this.top - 0.5, side + 1, side + 1);
    this.counts.forEach((count, place) => {
      const [row, column] = [Math.floor(place / classes.length), place % classes.length];
      const [x, y] = [this.left + column * this.cell, this.top + row * this.cell];
      // A single mistake must be seen, hence not from nothing.
      const share = count / this.totals[row];
      paint.globalAlpha = 0.2 + 0.8 * Math.sqrt(share);
      paint.fillStyle = row === column ? right : wrong;
      paint.fillRect(x + 0.5, y + 0.5, this.cell - 1, this.cell - 1);
      paint.globalAlpha = 1;
      if (this.cell < NUMBERED) return;
      paint.fillStyle = share > 0.35 ? "#fff" : text;
      paint.fillText(String(count), x + this.cell / 2, y + this.cell / 2 + 0.5);
    });
  }

  mark(paint, cell, colour, width) {
    if (!cell) return;
    const [row, column] = cell;
    Object.assign(paint, { strokeStyle: colour, lineWidth: width });
    paint.strokeRect(this.left + column * this.cell, this.top + row * this.cell, this.cell, this.cell);
  }
}

export default function matrix({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaMatrix ??= new Matrix(parentElement));
  mounted.update(data, (cell) => setTriggerValue("picked", cell));
  return () => mounted.sizes.disconnect();
}
