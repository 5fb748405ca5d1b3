// A rectangle on a picture, drawn with the pointer or moved with the keys; it snaps to the cells of the grid. The
// server is told where it is when it is let go. Only the newest answer is shown, so nothing jumps while it is moved, nor
// when an answer to an earlier one comes late.
import { Shown } from "./shown.js";
import { button, element, fill, proportion } from "./dom.js";
import { saveCanvas, saveJsonOf } from "./export.js";
import { paintBoxes, paintPicture, paintTag } from "./paint.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LATER_MS = 250;

class Ask {
  constructor(parent) {
    this.root = element("div", "ask");
    this.stage = element("div", "stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.canvas = element("canvas");
    this.stage.append(this.canvas);
    this.readout = element("div", "readout");
    this.readout.setAttribute("aria-live", "polite");
    const line = element("div", "line");
    this.saves = [button("PNG", () => this.savePicture(), "quiet"), button("JSON", () => this.saveNumbers(), "quiet")];
    line.append(this.readout, ...this.saves);
    this.root.append(this.stage, line);
    parent.appendChild(this.root);
    this.from = null;
    this.sent = new Set();
    this.stage.onpointerdown = (event) => this.start(event);
    this.stage.onpointermove = (event) => this.drag(event);
    this.stage.onpointerup = () => this.release();
    this.stage.onpointercancel = () => this.release();
    this.stage.onkeydown = (event) => this.key(event);
    this.sizes = new ResizeObserver(() => this.paint());
    this.shown = new Shown((picture) => {
      this.picture = picture;
      this.paint();
    });
    this.sizes.observe(this.stage);
  }

  close() {
    this.sizes.disconnect();
    this.shown.close();
    clearTimeout(this.later);
  }

  update(data, setState) {
    this.data = data;
    this.setState = setState;
    this.take(String(data.box));
    proportion(this.stage, data.size);
    this.stage.setAttribute("aria-label", data.words.label);
    this.saves.forEach((node, place) => {
      node.hidden = !data.words.saves; // a question has nothing to take along
      if (data.words.saves) node.setAttribute("aria-label", data.words.saves[place]);
    });
    this.shown.follow(data.picture);
    this.paint();
  }

  // The answer's rectangle, unless it answers one that has been moved on since.
  take(answered) {
    if (this.from || this.later || (this.sent.has(answered) && answered !== this.last)) return;
    this.sent.clear();
    this.box = this.data.box;
  }

  // As it stands on the screen.
  savePicture() {
    saveCanvas(this.canvas, this.data.name);
  }

  saveNumbers() {
    const { record, grid, size, name } = this.data;
    saveJsonOf({ ...record, grid_HW: grid, picture_px_WH: size }, name);
  }

  cellAt(event) {
    const frame = this.stage.getBoundingClientRect();
    const [rows, columns] = this.data.grid;
    const within = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    return [within((event.clientX - frame.left) / frame.width, columns),
      within((event.clientY - frame.top) / frame.height, rows)];
  }

  start(event) {
    this.stage.setPointerCapture(event.pointerId);
    this.from = this.cellAt(event);
    this.box = [...this.from, ...this.from];
    this.paint();
  }

  drag(event) {
    if (!this.from) return;
    const [x, y] = this.cellAt(event);
    if (this.data.single) this.from = [x, y];
    const [startX, startY] = this.from;
    this.box = [Math.min(x, startX), Math.min(y, startY), Math.max(x, startX), Math.max(y, startY)];
    this.paint();
  }

  release() {
    if (!this.from) return;
    this.from = null;
    this.tell();
  }

  tell() {
    clearTimeout(this.later);
    this.later = null;
    this.last = String(this.box);
    this.sent.add(this.last);
    this.setState("box", this.box);
  }

  // Arrows move the rectangle, with Shift they move its lower right corner.
  key(event) {
    const step = KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    const [rows, columns] = this.data.grid;
    let [x0, y0, x1, y1] = this.box;
    const [dx, dy] = step;
    if (event.shiftKey && !this.data.single) {
      x1 = Math.max(x0, Math.min(columns - 1, x1 + dx));
      y1 = Math.max(y0, Math.min(rows - 1, y1 + dy));
    } else if (x0 + dx >= 0 && x1 + dx < columns && y0 + dy >= 0 && y1 + dy < rows) {
      [x0, x1, y0, y1] = [x0 + dx, x1 + dx, y0 + dy, y1 + dy];
    }
    this.box = [x0, y0, x1, y1];
    this.paint();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.tell(), LATER_MS);
  }

  pixels([x0, y0, x1, y1]) {
    const [stepX, stepY] = [this.data.size[0] / this.data.grid[1], this.data.size[1] / this.data.grid[0]];
    return [x0 * stepX, y0 * stepY, (x1 + 1) * stepX, (y1 + 1) * stepY];
  }

  paint() {
    if (!this.data || !this.stage.clientWidth) return;
    const unit = window.devicePixelRatio || 1;
    const [width, height] = [this.stage.clientWidth * unit, this.stage.clientHeight * unit].map(Math.round);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    paintPicture(context, this.picture, width, height, 0.12);
    if (!this.picture) return;
    const scale = width / this.data.size[0];
    const { best, words } = this.data;
    const mine = { px: this.pixels(this.box), colour: this.data.colour };
    const boxes = best ? [mine, { px: this.pixels(best.box), colour: best.colour }] : [mine];
    paintBoxes(context, boxes, scale, unit);
    if (best) {
      const [left, , , bottom] = boxes[1].px;
      paintTag(context, best.tag, left * scale, bottom * scale + 2 * unit, unit, width, height);
    }
    const [x0, y0, x1, y1] = this.box;
    const asked = String(this.box) === String(this.data.box) ? this.data.tag : "";
    if (asked) paintTag(context, asked, mine.px[0] * scale, mine.px[1] * scale - 21 * unit, unit, width, height);
    const numbers = { columns: x1 - x0 + 1, rows: y1 - y0 + 1, x0, y0, x1, y1 };
    this.readout.textContent = fill(words.readout, numbers);
  }
}

export default function ask({ data, parentElement, setStateValue }) {
  parentElement.mvfaAsk ??= new Ask(parentElement);
  const mounted = parentElement.mvfaAsk;
  mounted.update(data, setStateValue);
  return () => mounted.close();
}
