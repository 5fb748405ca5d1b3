// The board: one picture, several readings of it side by side. The page's script sends data; hovering, sliding and
// switching stay in the browser; only a clicked cell goes back. The DOM is built once per set of panels and language, and
// updated afterwards. All text enters through textContent. Other components may have a board inside: they give it their
// data and hear of the chosen cell. A live board (contract.js) draws most of its panels from the method's answer, in the
// frame in which a control moves; what the server drew for other settings is dimmed until its own comes.
import { onPublish, tell, told } from "./address.js";
import { cellOf, panelsOf, recipeOf } from "./answers.js";
import { button, choice, element } from "./dom.js";
import { saveJson, saveNumbers, savePanel } from "./export.js";
import {
  colourRange, decodePalette, fixedRange, heatCanvas, paintAnchors, paintBoxes, paintCell, paintHeat, paintLit,
  paintOutline, paintPicture, paintTag,
} from "./paint.js";
import { Dial } from "./dial.js";
import { Ends, endsOf, endsText, FORM as ENDS_FORM } from "./ends.js";
import { Follower } from "./method.js";
import { Shown } from "./shown.js";
import { buildPanel, labelPanel, readout, showColours, showKey, showList } from "./panel.js";
import { boardTables } from "./tables.js";

const EVENT = "mvfa-board-cell";
const OPACITY = 75;
const CHOOSING_MS = 2000; // a cell that was chosen so recently is not taken back by what the server said before
const view = (window.mvfaBoardView ??= {
  smooth: !told("look", /^cells$/),
  range: told("range", /^(own|shared|fixed)$/), // none: every board has its own default, `scale`
  opacity: Number(told("opacity", /^([0-9]|[1-9][0-9]|100)$/) ?? OPACITY) / 100,
  ends: endsOf(told("ends", ENDS_FORM)),
});
const boards = new Set(); // all on this page are looked at in the same manner

// What is not as it is for everybody who comes for the first time.
function publish() {
  const percent = Math.round(100 * view.opacity);
  tell({
    look: view.smooth ? null : "cells",
    range: view.range ?? null,
    ends: view.range === "fixed" ? endsText(view.ends) : null,
    opacity: percent === OPACITY ? null : String(percent),
  });
}

// Values that are the same again stay the same list, and what was painted of them is not painted again.
function keepEqual(before = [], panels = []) {
  const known = new Map(before.map((panel) => [panel.id, panel]));
  const equal = (one, other) => one.length === other.length && one.every((value, index) => value === other[index]);
  panels.forEach((panel) => {
    const old = known.get(panel.id);
    if (old?.frames && panel.frames) {
      panel.frames.forEach((frame, index) => {
        const values = old.frames[index]?.values;
        if (values && frame.values && equal(values, frame.values)) frame.values = values;
      });
    } else if (old?.values && panel.values && equal(old.values, panel.values)) panel.values = old.values;
  });
}

export class Board {
  constructor(parent) {
    this.root = element("div", "board");
    parent.appendChild(this.root);
    this.signature = "";
    this.picture = null;
    this.hover = null;
    this.selected = null;
    this.box = -1;
    this.lit = null;
    this.dials = new Map();
    this.heats = new WeakMap();
    this.rooms = new WeakMap(); // of each stage, as last laid out: asking for it while words change would lay out again
    this.sizes = new ResizeObserver((seen) => {
      seen.forEach(({ target }) => this.rooms.set(target, [target.clientWidth, target.clientHeight]));
      this.paint();
    });
    this.shown = new Shown((picture) => {
      this.picture = picture;
      this.paint();
    });
    this.follower = new Follower(() => this.answer());
    this.chose = -CHOOSING_MS;
    this.listener = (event) => this.follow(event.detail);
    window.addEventListener(EVENT, this.listener);
    this.stopPublishing = onPublish(() => this.publish());
    boards.add(this);
  }

  close() {
    boards.delete(this);
    this.follower.follow(null);
    window.removeEventListener(EVENT, this.listener);
    this.stopPublishing();
    this.sizes.disconnect();
    this.shown.close();
  }

  // `chosen` hears of the cell that is clicked, null for none.
  update(data, chosen) {
    this.given = data;
    this.chosen = chosen;
    if (!data.live || performance.now() - this.chose > CHOOSING_MS) this.selected = data.selected ?? null;
    const { plain, signed } = data.palettes;
    this.palettes = { plain: decodePalette(plain), signed: decodePalette(signed) };
    this.follower.follow(data.live?.numbers ?? null);
    if (data.live) this.answer(true);
    else this.show(data);
    this.shown.follow(data.picture);
  }

  // What the method says now. Panels that are the same as before are not written or painted again.
  answer(all = false) {
    const { method } = this.follower;
    if (!this.given?.live || !method?.view) return; // the numbers are on their way
    this.show({ ...this.given, panels: panelsOf(this.given, method), recipe: recipeOf(this.given.recipe, method) }, all);
  }

  show(data, all = true) {
    keepEqual(this.data?.panels, data.panels);
    this.data = data;
    const signature = JSON.stringify([data.words, data.panels.map((panel) => [panel.id, panel.kind])]);
    const built = signature !== this.signature;
    if (built) this.build(signature);
    this.ranges = null;
    data.panels.forEach((panel) => this.dials.get(panel.id)?.follow(panel));
    if (all || built) this.publish();
    this.label(all || built);
    this.paint(!all && !built);
  }

  build(signature) {
    this.signature = signature;
    this.box = -1;
    this.sizes.disconnect();
    this.root.replaceChildren();
    this.showTools = null;
    this.dials.clear();
    const grid = element("div", this.data.small ? "grid small" : this.data.live ? "grid live" : "grid");
    this.parts = this.data.panels.map((_, index) => this.addPanel(index));
    grid.append(...this.parts.map((part) => part.figure));
    this.tables = boardTables(this.data);
    this.note = element("p", "note");
    this.note.setAttribute("aria-live", "polite");
    const tools = this.data.panels.some((panel) => panel.kind === "map") ? [this.buildTools()] : [];
    // Controls of the method stand above a live board: their effect is seen beside them, on the first screen.
    this.root.append(...(this.data.live ? [grid, ...tools] : [...tools, grid]), this.note, this.tables.root);
  }

  publish() {
    if (!this.data) return;
    if (this.data.panels.some((panel) => panel.kind === "map")) publish();
    this.dials.forEach((dial) => dial.publish());
  }

  buildTools() {
    const { words } = this.data;
    const tools = element("div", "tools");
    const smooth = choice([[words.smooth, true], [words.cells, false]], (value) => this.set("smooth", value));
    const ranges = [[words.own, "own"], [words.shared, "shared"], [words.fixed, "fixed"]];
    const range = choice(ranges, (value) => this.set("range", value));
    this.ends = new Ends(this, view);
    const label = element("label", "opacity");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 1 });
    slider.oninput = () => this.set("opacity", Number(slider.value) / 100);
    const shown = element("output");
    label.append(element("span", "", words.opacity), slider, shown);
    const maps = this.data.panels.filter((panel) => panel.kind === "map");
    if (maps.some((panel) => !panel.sharp)) tools.append(smooth.group);
    if (maps.length) tools.append(range.group, this.ends.root, label);
    tools.append(button(words.json, () => saveJson(this.data), "quiet"));
    this.showTools = () => {
      smooth.mark(view.smooth);
      range.mark(this.range);
      this.ends.show();
      slider.value = String(Math.round(100 * view.opacity));
      shown.textContent = `${slider.value} %`;
    };
    return tools;
  }

  sharedRange() {
    const usable = this.data.panels.filter((one) => one.kind === "map" && !one.message);
    const common = usable.filter((one) => !one.own);
    return colourRange((common.length ? common : usable).flatMap((one) => this.valuesOf(one)));
  }

  valuesOf(panel) {
    return panel.frames?.map((frame) => frame.values) ?? [panel.values];
  }

  addPanel(index) {
    const part = buildPanel();
    part.save.onclick = () => savePanel(this, index);
    part.raw.onclick = () => saveNumbers(this.data, this.data.panels[index]);
    part.stage.onpointermove = (event) => this.point(event, index);
    part.stage.onpointerleave = () => this.tell({ hover: null, box: -1 });
    part.stage.onclick = (event) => {
      this.point(event, index);
      this.choose(this.hover);
    };
    part.stage.onkeydown = (event) => this.key(event);
    if (this.data.panels[index].frames) this.addDial(part, this.data.panels[index]);
    this.sizes.observe(part.stage);
    return part;
  }

  // A panel of many frames is a map whose values a slider below it chooses.
  addDial(part, panel) {
    const dial = new Dial(panel, () => this.renew());
    this.dials.set(panel.id, dial);
    part.readout.before(dial.root);
    part.figure.classList.add("dialled");
  }

  set(key, value) {
    view[key] = value;
    this.renewAll();
  }

  renewAll() {
    boards.forEach((one) => one.data && one.renew());
  }

  renew() {
    this.publish();
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
    if ("selected" in change) {
      this.selected = change.selected;
      this.tellCell();
    }
    if ("lit" in change) this.lit = change.lit; // boxes of cells that somebody points at elsewhere on the page
    this.paintMarks();
  }

  point(event, index) {
    const frame = this.parts[index].stage.getBoundingClientRect();
    const [rows, columns] = this.data.grid;
    const u = (event.clientX - frame.left) / frame.width;
    const v = (event.clientY - frame.top) / frame.height;
    const within = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value * count)));
    const { boxes, kind } = this.data.panels[index];
    const box = boxes && kind === "boxes" ? this.nearest(boxes, u * this.data.size[0], v * this.data.size[1]) : -1;
    this.tell({ hover: [within(u, columns), within(v, rows)], box: box < 0 ? -1 : this.boxKey(index, box) });
  }

  boxKey(panel, box) {
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
    this.chose = performance.now();
    this.tell({ selected });
    this.chosen(selected);
  }

  // --- words ---

  // With `all` every panel; without, those alone that say something else than before.
  label(all = true) {
    if (all) this.showTools?.();
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      part.figure.classList.toggle("waiting", Boolean(panel.waiting));
      const range = panel.kind === "map" && !panel.message ? this.rangeOf(panel) : null;
      const said = [panel.values, panel.caption, panel.symbol, panel.rest, panel.boxes, range?.from, range?.to];
      part.fresh = all || said.some((one, place) => one !== part.said?.[place]);
      if (!part.fresh) return;
      part.said = said;
      labelPanel(part, panel, this.data);
      if (range) showColours(part, panel, range, this.paletteOf(range));
      else showKey(part, panel);
      showList(part, panel, (row) => this.tell({ box: row < 0 ? -1 : this.boxKey(index, row), hover: null }));
    });
    this.tellCell();
    this.tables.show(this.data);
  }

  // What the chosen cell did, on a live board that tells about it.
  tellCell() {
    const words = this.data.live?.words;
    if (!words?.cell) return;
    const cell = this.selected && cellOf(this.selected, this.data.panels, this.follower.method, words);
    const parts = cell?.length ? cell : [{ text: words.hint, loud: false }];
    this.note.replaceChildren(...parts.map(({ text, loud }) => element(loud ? "strong" : "span", "", text)));
  }

  get range() {
    return view.range ?? this.data.scale ?? "shared";
  }

  rangeOf(panel) {
    if (!this.ranges) {
      const usable = this.data.panels.filter((one) => one.kind === "map" && !one.message);
      const common = this.range === "fixed" ? fixedRange(this.ends.values()) : this.sharedRange();
      const shared = (one) => this.range !== "own" && !one.own;
      this.ranges = new Map(usable.map((one) => [one.id, shared(one) ? common : colourRange(this.valuesOf(one))]));
    }
    return this.ranges.get(panel.id);
  }

  // Kept until values, range or manner change: sliding the opacity only lays it over the picture again.
  heatOf(panel) {
    const range = this.rangeOf(panel);
    const smooth = view.smooth && !panel.sharp;
    const kept = this.heats.get(panel.values);
    if (kept && kept.smooth === smooth && kept.from === range.from && kept.to === range.to) return kept.canvas;
    const canvas = heatCanvas(panel.values, this.data.grid, range, this.paletteOf(range), smooth);
    this.heats.set(panel.values, { canvas, smooth, from: range.from, to: range.to });
    return canvas;
  }

  paletteOf(range) {
    return this.palettes[range.signed ? "signed" : "plain"];
  }

  chosenBox(index) {
    const [panel, box] = [Math.floor(this.box / 1000), this.box % 1000];
    return panel === index && this.data.panels[index].boxes?.[box] ? box : -1; // lists change under a resting pointer
  }

  // --- painting ---

  fit(canvas, stage) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = (this.rooms.get(stage) ?? [0, 0]).map((side) => Math.round(side * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return [canvas.getContext("2d"), width, height, ratio];
  }

  // With `fresh` only what was written anew: a frame of a drag has no time for marks that stay.
  paint(fresh = false) {
    if (!this.data) return;
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      const [context, width, height] = this.fit(part.base, part.stage);
      if (width && height && this.isNew(part, panel, width, height)) this.paintBase(panel, context, width, height, part);
    });
    this.paintMarks(fresh);
  }

  // Whether a picture is not on the screen as it is; what has dots on it is always painted.
  isNew(part, panel, width, height) {
    const heat = panel.kind === "map" && !panel.message ? this.heatOf(panel) : null;
    const look = [panel.kind, panel.message, panel.plain, this.picture, heat, heat && view.opacity, width, height];
    const same = part.look?.every((one, place) => one === look[place]) && panel.kind !== "anchors" && !panel.cells;
    part.look = look;
    return !same;
  }

  paintBase(panel, context, width, height, part = null) {
    if (panel.message) return context.clearRect(0, 0, width, height);
    const veil = panel.plain ? 0 : ({ anchors: 0.3, boxes: 0.18 }[panel.kind] ?? 0);
    if (part?.stage && this.picture && panel.kind === "anchors") this.paintBackdrop(part, context, width, height, veil);
    else paintPicture(context, this.picture, width, height, veil);
    if (!this.picture) return undefined;
    if (panel.kind === "map") {
      paintHeat(context, this.heatOf(panel), width, height, view.opacity, view.smooth && !panel.sharp);
      if (panel.cells) paintAnchors(context, panel, this.data.grid, width, height);
    } else if (panel.kind === "anchors") {
      paintAnchors(context, panel, this.data.grid, width, height);
    }
    return undefined;
  }

  // The picture below the anchors, reduced once: doing so is most of what painting them anew takes.
  paintBackdrop(part, context, width, height, veil) {
    const { backdrop } = part;
    if (backdrop?.picture !== this.picture || backdrop.canvas.width !== width || backdrop.canvas.height !== height) {
      const canvas = Object.assign(element("canvas"), { width, height });
      paintPicture(canvas.getContext("2d"), this.picture, width, height, veil);
      part.backdrop = { picture: this.picture, canvas };
    }
    context.clearRect(0, 0, width, height);
    context.drawImage(part.backdrop.canvas, 0, 0);
  }

  paintMarks(fresh = false) {
    if (!this.data) return;
    this.data.panels.forEach((panel, index) => {
      const part = this.parts[index];
      if (fresh && !part.fresh) return;
      const [context, width, height, unit] = this.fit(part.marks, part.stage);
      context.clearRect(0, 0, width, height);
      if (!panel.message && width && height) this.paintOver(panel, index, context, width, height, unit);
      part.readout.textContent = readout(panel, this.data, this.hover ?? this.selected, this.chosenBox(index));
    });
  }

  paintOver(panel, index, context, width, height, unit, marks = true) {
    const scale = width / this.data.size[0];
    if (panel.boxes && this.picture) {
      const pointed = this.chosenBox(index);
      const chosen = pointed >= 0 ? pointed : (panel.chosen ?? -1);
      const first = panel.boxes[Math.max(chosen, 0)];
      if (first?.seen && (panel.outlined || chosen >= 0)) paintOutline(context, first, scale, unit, width, height);
      paintBoxes(context, panel.boxes, scale, unit, chosen);
      const tag = ({ tag: text, px: [x, y] }) => (
        paintTag(context, text, x * scale, y * scale - 21 * unit, unit, width, height)
      );
      if (panel.tags) panel.boxes.forEach(tag);
      else if (first) tag(first);
    }
    if (!marks) return;
    if (this.lit) paintLit(context, this.lit, this.data.grid, width, height, unit);
    if (this.selected) paintCell(context, this.selected, this.data.grid, width, height, unit, false);
    if (this.hover) paintCell(context, this.hover, this.data.grid, width, height, unit, true);
  }
}

// The cell is a trigger and no state: others choose cells, too, and one that was chosen before can be chosen again.
export default function board({ data, parentElement, setTriggerValue }) {
  parentElement.mvfaBoard ??= new Board(parentElement);
  const mounted = parentElement.mvfaBoard;
  mounted.update(data, (cell) => setTriggerValue("cell", cell ?? []));
  return () => mounted.close();
}
