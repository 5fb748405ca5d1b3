// The film of a run: a strip of pictures as the network saw them at one validation, and a scrubber over all of them. The
// step is shared with the curves, see step.js: pointing at a curve moves the film, scrubbing marks the curve. While
// nobody holds a step, the newest one is shown.
import { onPublish, tell, told } from "./address.js";
import { button, choice, element, fill } from "./dom.js";
import { saveCanvas } from "./export.js";
import { barTicks, colourRange, decodePalette, heatCanvas, paintAnchors, paintBar, paintHeat, paintPicture } from "./paint.js";
import { showColours } from "./panel.js";
import { followStep, tellStep } from "./step.js";
import { table, Tables } from "./tables.js";

const view = (window.mvfaFilmView ??= { all: Boolean(told("frames", /^all$/)), anchors: !told("dots", /^off$/) });
const OPACITY = 0.72;
const SAVED_PX = 320;

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

class Film {
  constructor(parent) {
    this.root = parent.appendChild(element("section", "film"));
    Object.assign(this, { pinned: null, pointed: null, timer: null, heats: new Map(), pictures: [] });
    this.sizes = new ResizeObserver(() => this.paint());
    this.asked = told("frame", /^[0-9]{1,9}$/); // the step that the address names, until something is shown
    this.stopFollowing = followStep((step) => this.follow(step));
    this.stopPublishing = onPublish(() => this.publish());
    // Movement that was not asked for disturbs some; the film then only changes slowly, and only when it is played.
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  }

  update(data) {
    const another = this.data?.name !== data.name;
    if (another) this.forget();
    if (another || JSON.stringify(this.data?.frames) !== JSON.stringify(data.frames)) this.heats.clear();
    this.data = data;
    this.palettes = { plain: decodePalette(data.palettes.plain), signed: decodePalette(data.palettes.signed) };
    const built = JSON.stringify([data.words, data.pictures.length, Boolean(data.anchor)]);
    if (built !== this.built) this.build();
    this.built = built;
    data.pictures.forEach(({ src }, index) => this.load(src, index));
    if (this.asked !== null) {
      this.pinned = Number(this.asked);
      this.asked = null;
    }
    this.tables.show(data);
    this.show();
    this.publish();
  }

  publish() {
    if (!this.data) return;
    const frame = this.pinned === null ? null : String(this.pinned);
    tell({ frame, frames: view.all ? "all" : null, dots: view.anchors ? null : "off" });
  }

  // The answers at every validation, a column a picture.
  tabulate() {
    const { frames, pictures, words } = this.data;
    const mark = ({ right, answer }) => `${right ? "\u2713" : "\u2715"} ${answer}`;
    const rows = frames.map(({ step, shown }) => [step, ...shown.map(mark)]);
    return [table(words.table_title, [words.table_step, ...pictures.map(({ label }) => label)], rows)];
  }

  forget() {
    this.pause();
    Object.assign(this, { pinned: null, pointed: null, pictures: [], sources: [] });
  }

  load(src, index) {
    if (this.sources[index] === src) return;
    this.sources[index] = src;
    const picture = new Image();
    picture.onload = () => {
      if (this.sources[index] !== src) return;
      this.pictures[index] = picture;
      this.paint();
    };
    picture.src = src;
  }

  // --- building ---

  build() {
    const { words } = this.data;
    this.root.replaceChildren();
    this.sizes.disconnect();
    const head = element("div", "head");
    head.append(element("h3", "", words.title), this.buildTools());
    this.strip = element("div", "strip");
    this.figures = this.data.pictures.map(() => this.buildFigure());
    this.strip.append(...this.figures.map(({ figure }) => figure));
    this.legend = element("div", "legend");
    this.caption = element("p", "caption");
    this.tables = new Tables(words.table, () => this.tabulate());
    this.root.append(head, this.buildScrubber(), this.strip, this.legend, this.caption, this.tables.root);
  }

  buildTools() {
    const { words } = this.data;
    const tools = element("div", "tools");
    const set = (key) => (value) => {
      view[key] = value;
      this.publish();
      this.show();
    };
    const range = choice([[words.this, false], [words.all, true]], set("all"));
    range.group.setAttribute("aria-label", words.range);
    const dots = button(words.anchors, () => set("anchors")(!view.anchors), "toggle");
    const strip = button("PNG", () => this.saveStrip(), "quiet");
    strip.setAttribute("aria-label", words.save);
    tools.append(range.group, ...(this.data.anchor ? [dots] : []), strip);
    this.showTools = () => {
      range.mark(view.all);
      dots.setAttribute("aria-pressed", String(view.anchors));
    };
    return tools;
  }

  buildScrubber() {
    const { words } = this.data;
    const row = element("div", "scrubber");
    this.playing = button(words.play, () => (this.timer ? this.pause() : this.play()));
    this.slider = element("input");
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", words.help);
    this.slider.oninput = () => {
      const place = Number(this.slider.value); // before anything is shown, which would set it back
      this.pause();
      this.go(place);
    };
    this.slider.onkeydown = (event) => {
      if (event.key === "Escape") this.release();
    };
    this.at = element("output");
    this.newest = button(words.newest, () => this.release());
    row.append(this.playing, this.slider, this.at, this.newest);
    return row;
  }

  buildFigure() {
    const figure = element("figure");
    const stage = figure.appendChild(element("div", "stage"));
    const canvas = stage.appendChild(element("canvas"));
    canvas.setAttribute("role", "img");
    const line = figure.appendChild(element("figcaption"));
    const answer = line.appendChild(element("span", "answer"));
    const mark = answer.appendChild(element("i"));
    const text = answer.appendChild(element("b"));
    const truth = line.appendChild(element("span", "truth"));
    this.sizes.observe(stage);
    return { figure, stage, canvas, mark, text, truth };
  }

  // --- which validation ---

  follow({ run, step, chosen }) {
    if (!this.data || (run !== null && run !== this.data.name)) return;
    this.pointed = chosen ? null : step;
    if (chosen) this.pinned = step;
    this.publish();
    this.show();
  }

  // The last validation at or before the step that is meant; the newest if none is.
  place() {
    const { frames } = this.data;
    const step = this.pointed ?? this.pinned;
    return step === null ? frames.length - 1 : Math.max(0, frames.findLastIndex((frame) => frame.step <= step));
  }

  go(place) {
    tellStep(this.data.name, this.data.frames[place].step, true);
  }

  release() {
    this.pause();
    tellStep(this.data.name, null, true);
  }

  play() {
    const last = this.data.frames.length - 1;
    if (this.place() >= last) this.go(0);
    const pace = this.calm.matches ? 1500 : Math.max(150, Math.min(700, 9000 / (last + 1)));
    this.timer = setInterval(() => {
      const next = this.place() + 1;
      if (next >= this.data.frames.length - 1) this.pause();
      if (next < this.data.frames.length) this.go(next);
    }, pace);
    this.show();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.data) this.show();
  }

  // --- showing ---

  show() {
    if (!this.data || !this.figures) return;
    const { frames, words, pictures } = this.data;
    const place = this.place();
    const frame = frames[place];
    this.showTools();
    this.playing.textContent = this.timer ? words.pause : words.play;
    this.playing.disabled = frames.length < 2;
    this.slider.max = String(frames.length - 1);
    this.slider.value = String(place);
    this.slider.disabled = frames.length < 2;
    const at = fill(words.step, { step: frame.step });
    this.slider.setAttribute("aria-valuetext", at);
    const held = (this.pointed ?? this.pinned) !== null;
    this.at.textContent = held || !this.data.live ? at : `${at}, ${words.following}`;
    this.newest.disabled = !held;
    this.caption.textContent = this.data.caption;
    this.figures.forEach((part, index) => {
      const { answer, right } = frame.shown[index];
      const { label } = pictures[index];
      part.mark.textContent = right ? "\u2713" : "\u2715";
      part.mark.title = right ? words.right : words.wrong;
      part.figure.dataset.right = String(right);
      part.text.textContent = answer;
      part.truth.textContent = label;
      part.text.title = answer;
      part.canvas.setAttribute("aria-label", fill(words.at, { step: frame.step, answer, label }));
    });
    this.range = this.rangeOf(frame);
    this.palette = this.palettes[this.range.signed ? "signed" : "plain"];
    showColours({ legend: this.legend }, { unit: words.unit }, this.range, this.palette);
    this.paint();
  }

  rangeOf(frame) {
    const frames = view.all ? this.data.frames : [frame];
    return colourRange(frames.flatMap(({ shown }) => shown.map(({ low, high }) => [low, high])));
  }

  heat(place, index) {
    const key = `${place}-${index}-${this.range.from}-${this.range.to}`;
    if (!this.heats.has(key)) {
      if (this.heats.size > 96) this.heats.clear();
      const { low, high, map } = this.data.frames[place].shown[index];
      const values = Array.from(bytes(map), (value) => low + ((high - low) * value) / 255);
      this.heats.set(key, heatCanvas(values, this.data.grid, this.range, this.palette, true));
    }
    return this.heats.get(key);
  }

  paint() {
    if (!this.data || !this.range) return;
    const ratio = window.devicePixelRatio || 1;
    const place = this.place();
    this.figures.forEach(({ stage, canvas }, index) => {
      const side = Math.round(stage.clientWidth * ratio);
      if (!side) return;
      if (canvas.width !== side) Object.assign(canvas, { width: side, height: side });
      this.paintOne(canvas.getContext("2d"), place, index, side);
    });
  }

  paintOne(context, place, index, side) {
    paintPicture(context, this.pictures[index], side, side);
    if (!this.pictures[index]) return;
    paintHeat(context, this.heat(place, index), side, side, OPACITY, true);
    const flat = bytes(this.data.frames[place].shown[index].anchors);
    if (!view.anchors || !flat.length) return;
    const cells = Array.from({ length: flat.length / 2 }, (_, rank) => [flat[2 * rank], flat[2 * rank + 1]]);
    paintAnchors(context, { cells, colour: this.data.anchor }, this.data.grid, side, side);
  }

  // On white, whatever the theme: this goes into papers.
  saveStrip() {
    const { frames, pictures, words, name } = this.data;
    const place = this.place();
    const [gap, top, bottom] = [16, 48, 110];
    const canvas = element("canvas");
    const width = gap + pictures.length * (SAVED_PX + gap);
    Object.assign(canvas, { width, height: top + SAVED_PX + bottom });
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const write = (text, x, y, size, weight = 400, align = "left", most = SAVED_PX) => {
      Object.assign(context, { font: `${weight} ${size}px system-ui, sans-serif`, textAlign: align });
      Object.assign(context, { fillStyle: "#1d2228", textBaseline: "middle" });
      context.fillText(text, x, y, most);
    };
    write(`${name}, ${fill(words.step, { step: frames[place].step })}`, gap, top / 2, 20, 600, "left", width - 2 * gap);
    pictures.forEach(({ label }, index) => {
      const x = gap + index * (SAVED_PX + gap);
      const one = element("canvas");
      Object.assign(one, { width: SAVED_PX, height: SAVED_PX });
      this.paintOne(one.getContext("2d"), place, index, SAVED_PX);
      context.drawImage(one, x, top);
      const { answer, right } = frames[place].shown[index];
      write(`${right ? "\u2713" : "\u2715"} ${answer}`, x, top + SAVED_PX + 20, 17, 600);
      write(label, x, top + SAVED_PX + 42, 15);
    });
    const line = top + SAVED_PX + 70;
    const length = Math.min(480, width - 2 * gap - 70);
    paintBar(context, this.range, this.palette, gap, line, length, 10);
    for (const { at, text } of barTicks(this.range)) {
      write(text, gap + at * length, line + 24, 13, 400, at === 0 ? "left" : at === 1 ? "right" : "center");
    }
    write(words.unit, gap + length + 12, line + 5, 13);
    saveCanvas(canvas, name, "film", String(frames[place].step));
  }

  close() {
    this.pause();
    this.stopFollowing();
    this.stopPublishing();
    this.sizes.disconnect();
  }
}

export default function film({ data, parentElement }) {
  const mounted = (parentElement.mvfaFilm ??= new Film(parentElement));
  mounted.update(data);
  return () => mounted.close();
}
