// The board: one picture, several readings of it side by side. The page's script sends data; hovering, sliding and
// switching stay in the browser; only a clicked cell goes back. The DOM is built once per set of panels and updated
// afterwards. All text enters through textContent.
import { saveJson, savePanel } from "./export.js";
import {
  barTicks, colourRange, decodePalette, exactNumber, heatCanvas, paintAnchors, paintBar, paintBoxes, paintCell,
  paintHeat, paintPicture, paintTag, shortNumber,
} from "./paint.js";

const EVENT = "mvfa-board-cell";
const view = (window.mvfaBoardView ??= { smooth: true, shared: true, opacity: 0.75 });

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

class Board {
  constructor(parent) {
    this.root = element("div", "board");
    parent.appendChild(this.root);
    this.signature = "";
    this.picture = null;
    this.hover = null;
    this.selected = null;
    this.box = -1;
    this.sizes = new ResizeObserver(() => this.paint());
    this.listener = (event) => this.follow(event.detail);
    window.addEventListener(EVENT, this.listener);
  }

  close() {
    window.removeEventListener(EVENT, this.listener);
    this.sizes.disconnect();
  }

  update(data, setState) {
    this.data = data;
    this.setState = setState;
    this.words = data.words;
    this.selected = data.selected ?? null;
    const signature = JSON.stringify(data.panels.map((panel) => [panel.id, panel.kind]));
    if (signature !== this.signature) this.build(signature);
    this.palettes = Object.fromEntries(Object.entries(data.palettes).map(([name, text]) => [name, decodePalette(text)]));
    this.ranges = null;
    if (data.picture !== this.source) {
      this.source = data.picture;
      const picture = new Image();
      picture.onload = () => {
        if (this.source !== data.picture) return;
        this.picture = picture;
        this.paint();
      };
      picture.src = data.picture;
    }
    this.label();
    this.paint();
  }

  build(signature) {
    this.signature = signature;
    this.sizes.disconnect();
    this.root.replaceChildren();
    if (this.data.panels.some((panel) => panel.kind === "map")) this.root.appendChild(this.buildTools());
    const grid = element("div", "grid");
    this.parts = this.data.panels.map((panel) => this.buildPanel(panel, grid));
    this.root.appendChild(grid);
  }

  buildTools() {
    const tools = element("div", "tools");
    const choice = (labels, key) => {
      const group = element("div", "choice");
      group.setAttribute("role", "group");
      const buttons = labels.map(([text, value]) => {
        const button = element("button", "", text);
        button.type = "button";
        button.onclick = () => this.set(key, value);
        group.appendChild(button);
        return [button, value];
      });
      this.refreshers.push(() => buttons.forEach(([button, value]) => {
        button.setAttribute("aria-pressed", String(view[key] === value));
      }));
      tools.appendChild(group);
    };
    this.refreshers = [];
    choice([[this.words.smooth, true], [this.words.cells, false]], "smooth");
    choice([[this.words.shared, true], [this.words.own, false]], "shared");
    const label = element("label", "opacity");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 1 });
    const shown = element("output");
    slider.oninput = () => this.set("opacity", Number(slider.value) / 100);
    label.append(element("span", "", this.words.opacity), slider, shown);
    this.refreshers.push(() => {
      slider.value = String(Math.round(100 * view.opacity));
      shown.textContent = `${slider.value} %`;
    });
    const save = element("button", "quiet", this.words.json);
    save.type = "button";
    save.onclick = () => saveJson(this.data);
    tools.append(label, save);
    return tools;
  }

  buildPanel(panel, grid) {
    const part = { figure: element("figure", "panel") };
    const head = element("div", "head");
    part.title = element("h3");
    part.symbol = element("span", "symbol");
    part.save = element("button", "quiet", "PNG");
    part.save.type = "button";
    head.append(part.title, part.symbol, part.save);
    part.stage = element("div", "stage");
    part.stage.tabIndex = 0;
    part.stage.setAttribute("role", "img");
    part.base = element("canvas");
    part.marks = element("canvas");
    part.message = element("p", "message");
    part.stage.append(part.base, part.marks, part.message);
    part.legend = element("div", "legend");
    part.readout = element("div", "readout");
    part.readout.setAttribute("aria-live", "polite");
    part.caption = element("figcaption");
    part.list = element("ol", "list");
    part.figure.append(head, part.stage, part.legend, part.readout, part.caption, part.list);
    grid.appendChild(part.figure);
    const index = this.data.panels.findIndex((one) => one.id === panel.id);
    part.save.onclick = () => savePanel(this, index);
    part.stage.onpointermove = (event) => this.point(event, index);
    part.stage.onpointerleave = () => this.tell({ hover: null, box: -1 });
    part.stage.onclick = (event) => {
      this.point(event, index);
      this.choose(this.hover);
    };
    part.stage.onkeydown = (event) => this.key(event);
    this.sizes.observe(part.stage);
    return part;
  }

  set(key, value) {
    view[key] = value;
    this.ranges = null;
    this.label();
    this.paint();
  }

  // --- the cell under the pointer, the same on every board of the page ---

  tell(change) {
    if ("box" in change) this.box = change.box;
    window.dispatchEvent(new CustomEvent(EVENT, { detail: { channel: this.data.channel, ...change } }));
  }

  follow(change) {
    if (!this.data || change.channel !== this.data.channel) return;
    if ("hover" in change) this.hover = change.hover;
    if ("selected" in change) this.selected = change.selected;
    this.paintMarks();
  }

  point(event, index) {
    const frame = this.parts[index].stage.getBoundingClientRect();
    const [rows, columns] = this.data.grid;
    const u = (event.clientX - frame.left) / frame.width;
    const v = (event.clientY - frame.top) / frame.height;
    const within = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value * count)));
    const boxes = this.data.panels[index].boxes;
    const box = boxes ? this.nearest(boxes, u * this.data.size[0], v * this.data.size[1]) : -1;
    this.tell({ hover: [within(u, columns), within(v, rows)], box: box < 0 ? -1 : this.key_of(index, box) });
  }

  key_of(panel, box) {
    return panel * 1000 + box;
  }

  // Boxes lie over each other: the one whose edge is nearest to the pointer is meant.
  nearest(boxes, x, y) {
    let best = -1;
    let least = Infinity;
    boxes.forEach(({ px: [x0, y0, x1, y1] }, index) => {
      const gap = Math.min(x - x0, x1 - x, y - y0, y1 - y);
      if (gap >= 0 && gap < least) {
        least = gap;
        best = index;
      }
    });
    return best;
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [rows, columns] = this.data.grid;
    if (event.key in steps) {
      const from = this.hover ?? this.selected ?? [Math.floor(columns / 2), Math.floor(rows / 2)];
      const [dx, dy] = this.hover || this.selected ? steps[event.key] : [0, 0];
      const clip = (value, count) => Math.max(0, Math.min(count - 1, value));
      this.tell({ hover: [clip(from[0] + dx, columns), clip(from[1] + dy, rows)], box: -1 });
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(this.hover);
    } else if (event.key === "Escape") {
      this.choose(null);
    } else return;
    event.preventDefault();
  }

  choose(cell) {
    const same = cell && this.selected && cell[0] === this.selected[0] && cell[1] === this.selected[1];
    const selected = same ? null : cell;
    this.tell({ selected });
    this.setState("cell", selected);
  }

  // --- words ---

  label() {
    this.refreshers?.forEach((refresh) => refresh());
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      part.title.textContent = panel.title;
      part.symbol.textContent = panel.symbol ?? "";
      part.caption.textContent = panel.caption ?? "";
      part.stage.setAttribute("aria-label", panel.alt);
      part.save.setAttribute("aria-label", fill(this.words.save_png, { title: panel.title }));
      part.stage.style.aspectRatio = `${this.data.size[0]} / ${this.data.size[1]}`;
      part.message.textContent = panel.message ?? "";
      part.message.hidden = !panel.message;
      this.legend(panel, part);
      this.list(panel, part, index);
    });
  }

  rangeOf(panel) {
    if (!this.ranges) {
      const usable = this.data.panels.filter((one) => one.kind === "map" && !one.message);
      const common = colourRange(usable.map((one) => one.values));
      this.ranges = new Map(usable.map((one) => [one.id, view.shared ? common : colourRange([one.values])]));
    }
    return this.ranges.get(panel.id);
  }

  paletteOf(range) {
    return this.palettes[range.signed ? "signed" : "plain"];
  }

  legend(panel, part) {
    part.legend.replaceChildren();
    if (panel.message) return;
    if (panel.kind === "map") {
      const range = this.rangeOf(panel);
      const bar = element("canvas", "bar");
      bar.width = 256;
      bar.height = 1;
      paintBar(bar.getContext("2d"), range, this.paletteOf(range), 0, 0, 256, 1);
      const ticks = element("div", "ticks");
      for (const { at, text } of barTicks(range)) {
        const tick = element("span", at === 0 ? "first" : at === 1 ? "last" : "", text);
        tick.style.left = `${100 * at}%`;
        ticks.appendChild(tick);
      }
      part.legend.append(bar, ticks, element("span", "unit", panel.unit));
      return;
    }
    for (const { text, colour, shape } of panel.key ?? []) {
      const item = element("span", "item");
      const swatch = element("i", shape);
      swatch.style.setProperty("--swatch", colour);
      item.append(swatch, element("span", "", text));
      part.legend.appendChild(item);
    }
  }

  list(panel, part, index) {
    const rows = panel.boxes ?? [];
    part.list.hidden = !rows.length;
    part.list.replaceChildren(...rows.map((box, row) => {
      const item = element("li");
      const swatch = element("i", "box");
      swatch.style.setProperty("--swatch", box.colour);
      item.append(element("b", "", String(box.rank)), swatch, element("span", "", box.name),
        element("span", "value", box.value));
      item.onpointerenter = () => this.tell({ box: this.key_of(index, row), hover: null });
      item.onpointerleave = () => this.tell({ box: -1, hover: null });
      return item;
    }));
  }

  readout(panel, index, cell) {
    if (panel.message) return "";
    const chosen = this.chosenBox(index);
    if (panel.boxes && chosen >= 0) return panel.boxes[chosen].label;
    if (!cell) return panel.rest ?? "";
    const [rows, columns] = this.data.grid;
    const [x, y] = cell;
    const at = fill(this.words.cell, { x, y });
    if (panel.kind === "map") return `${at}  ${exactNumber(panel.values[y * columns + x])} ${panel.unit}`;
    if (panel.kind === "anchors") {
      const rank = panel.cells.findIndex((one) => one[0] === x && one[1] === y);
      if (rank < 0) return `${at}  ${this.words.no_anchor}`;
      const values = { rank: rank + 1, count: panel.cells.length, value: exactNumber(panel.values[rank]) };
      return `${at}  ${fill(this.words.anchor, values)}`;
    }
    const [stepX, stepY] = [this.data.size[0] / columns, this.data.size[1] / rows];
    const inside = panel.boxes.filter(({ px: [x0, y0, x1, y1] }) => (x + 0.5) * stepX > x0 && (x + 0.5) * stepX < x1
      && (y + 0.5) * stepY > y0 && (y + 0.5) * stepY < y1).length;
    return `${at}  ${fill(this.words.inside, { inside, count: panel.boxes.length })}`;
  }

  chosenBox(index) {
    return this.box >= 0 && Math.floor(this.box / 1000) === index ? this.box % 1000 : -1;
  }

  // --- painting ---

  fit(canvas, stage) {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(stage.clientWidth * ratio);
    const height = Math.round(stage.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return [canvas.getContext("2d"), width, height, ratio];
  }

  paint() {
    if (!this.data) return;
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      const [context, width, height, unit] = this.fit(part.base, part.stage);
      if (width && height) this.paintBase(panel, context, width, height, unit);
    });
    this.paintMarks();
  }

  paintBase(panel, context, width, height) {
    if (panel.message) return context.clearRect(0, 0, width, height);
    paintPicture(context, this.picture, width, height, { anchors: 0.3, boxes: 0.18 }[panel.kind] ?? 0);
    if (!this.picture) return undefined;
    if (panel.kind === "map") {
      const range = this.rangeOf(panel);
      const heat = heatCanvas(panel.values, this.data.grid, range, this.paletteOf(range), view.smooth);
      paintHeat(context, heat, width, height, view.opacity, view.smooth);
    } else if (panel.kind === "anchors") {
      paintAnchors(context, panel.cells, this.data.grid, width, height, panel.colour);
    }
    return undefined;
  }

  paintMarks() {
    if (!this.data) return;
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      const [context, width, height, unit] = this.fit(part.marks, part.stage);
      context.clearRect(0, 0, width, height);
      if (!panel.message && width && height) this.paintOver(panel, index, context, width, height, unit);
      part.readout.textContent = this.readout(panel, index, this.hover ?? this.selected);
    });
  }

  paintOver(panel, index, context, width, height, unit, marks = true) {
    const scale = width / this.data.size[0];
    if (panel.boxes && this.picture) {
      const chosen = this.chosenBox(index);
      paintBoxes(context, panel.boxes, scale, unit, chosen);
      const tagged = chosen >= 0 ? chosen : 0;
      const box = panel.boxes[tagged];
      if (box) paintTag(context, box.tag, box.px[0] * scale, box.px[1] * scale - 21 * unit, unit, width, height);
    }
    if (!marks) return;
    if (this.selected) paintCell(context, this.selected, this.data.grid, width, height, unit, false);
    if (this.hover) paintCell(context, this.hover, this.data.grid, width, height, unit, true);
  }
}

export default function board({ data, parentElement, setStateValue }) {
  parentElement.mvfaBoard ??= new Board(parentElement);
  const mounted = parentElement.mvfaBoard;
  mounted.update(data, setStateValue);
  return () => mounted.close();
}

export { fill, shortNumber };
