// The lesson: one step of the method after the other. The server sends the facts of the model and the picture once; all
// turning, dragging, pointing and answering happens here, and only the step goes back, for the address.
import { Board } from "./board.js";
import { button, element, fill } from "./dom.js";
import { saveJsonOf } from "./export.js";
import { equation } from "./math.js";
import { ask, waits } from "./walk_ask.js";
import { table, Tables } from "./tables.js";
import { Chart } from "./walk_chart.js";
import { STEPS, atBorder, fresh } from "./walk_steps.js";

const CHANNEL = "walk";
const [TICK_MS, READ_MS, FRAMES] = [650, 5000, 12];
const OWN_KEYS = "input, textarea, select, [contenteditable=true], .stage"; // what the arrow keys belong to

class Walk {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "walk"));
    this.buildHead();
    this.body = this.root.appendChild(element("div", "walk-body"));
    this.left = this.body.appendChild(element("div", "walk-picture"));
    this.right = this.body.appendChild(element("div", "walk-side"));
    this.missing = this.root.appendChild(element("div", "walk-missing"));
    this.board = new Board(this.left);
    this.lines = this.right.appendChild(element("div", "lines"));
    this.lines.setAttribute("role", "group");
    this.hint = this.right.appendChild(element("p", "hint"));
    this.controls = this.right.appendChild(element("div", "controls"));
    this.question = this.right.appendChild(element("div", "question"));
    this.bars = this.right.appendChild(element("div", "bars"));
    this.chart = new Chart(this.right, (at) => this.change({ [this.chart.chart.slider]: at }));
    this.tables = new Tables("", (shown) => this.tabulate(shown));
    this.right.appendChild(this.tables.root);
    this.buildFoot();
    this.listener = (event) => this.key(event);
    window.addEventListener("keydown", this.listener);
  }

  close() {
    window.removeEventListener("keydown", this.listener);
    clearTimeout(this.timer);
    this.board.close();
    this.chart.sizes.disconnect();
  }

  buildHead() {
    this.places = this.root.appendChild(element("nav", "places"));
    const bar = this.root.appendChild(element("div", "walk-bar"));
    this.title = bar.appendChild(element("h2"));
    this.title.tabIndex = -1;
    const turn = bar.appendChild(element("div", "turn"));
    this.previous = turn.appendChild(button("", () => this.by(-1)));
    this.player = turn.appendChild(button("", () => (this.timer ? this.pause() : this.play())));
    this.next = turn.appendChild(button("", () => this.by(1), "primary"));
    this.sentence = this.root.appendChild(element("p", "sentence"));
    this.turn = this.root.appendChild(element("p", "your-turn"));
    this.turn.setAttribute("role", "status");
  }

  buildFoot() {
    const foot = this.root.appendChild(element("div", "walk-foot"));
    this.details = foot.appendChild(element("details"));
    this.detailsTitle = this.details.appendChild(element("summary"));
    this.detailsBody = this.details.appendChild(element("div"));
    const keys = foot.appendChild(element("details"));
    this.keysTitle = keys.appendChild(element("summary"));
    this.keysText = keys.appendChild(element("p"));
    this.export = foot.appendChild(button("", () => this.saveFacts(), "plain"));
  }

  update(data, setState, setTrigger) {
    const first = !this.data;
    Object.assign(this, { data, setState, setTrigger });
    this.order = data.steps.map(({ id }) => id);
    if (first) {
      // The address is newer than what was sent when the lesson was first opened.
      const asked = new URLSearchParams(window.location.search).get("step");
      this.at = Math.max(0, this.order.indexOf(this.order.includes(asked) ? asked : data.step));
    }
    if (data.subject !== this.subject) {
      const kept = this.ui;
      this.subject = data.subject;
      this.ui = { ...fresh(data), ...(kept ? { scale: kept.scale } : {}) };
      this.pause();
    }
    this.buildPlaces();
    this.render();
  }

  buildPlaces() {
    const signature = this.data.steps.map(({ short, missing }) => [short, missing]).join();
    if (signature === this.signature) return;
    this.signature = signature;
    this.places.setAttribute("aria-label", this.data.words.steps);
    this.places.replaceChildren(...this.data.steps.map(({ short, title, missing }, at) => {
      const made = button(short, () => this.go(at));
      made.setAttribute("aria-label", `${at + 1}. ${title}`);
      made.title = title;
      if (missing) made.classList.add("absent");
      return made;
    }));
  }

  get step() {
    return this.data.steps[this.at];
  }

  // --- turning the pages ---

  by(steps, focus = false) {
    this.go(Math.max(0, Math.min(this.order.length - 1, this.at + steps)), focus);
  }

  go(at, focus = false, playing = false) {
    if (!playing) this.pause();
    if (at !== this.at) {
      this.at = at;
      this.board.tell({ lit: null, box: -1, hover: null });
      this.setState("step", this.step.id);
      this.render();
    }
    if (focus) this.title.focus({ preventScroll: true });
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !this.data) return;
    const path = event.composedPath();
    const target = path[0];
    const mine = path.includes(this.root);
    const nobody = target === document.body || target === document.documentElement || target?.matches?.("section, main");
    if (!mine && !nobody) return;
    if (mine && target.closest?.(OWN_KEYS)) return;
    const steps = { ArrowLeft: () => this.by(-1, true), ArrowRight: () => this.by(1, true), Home: () => this.go(0, true),
      End: () => this.go(this.order.length - 1, true) };
    if (!(event.key in steps)) return;
    event.preventDefault();
    steps[event.key]();
  }

  // --- playing ---

  play() {
    this.turn.textContent = "";
    this.timer = setTimeout(() => this.tick(), 0);
    this.showPlayer();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.showPlayer();
  }

  showPlayer() {
    if (!this.data) return;
    const { words } = this.data;
    this.player.textContent = this.timer ? words.pause : words.play;
    this.player.title = words.play_help;
  }

  // The first slider of a step runs through its values, unless motion is not wanted; then the next step comes.
  tick() {
    const kind = STEPS[this.step.id].ask;
    if (!this.step.missing && waits(this, kind)) {
      this.pause();
      this.turn.textContent = this.data.words.your_turn;
      return;
    }
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const [slider] = this.step.missing || still ? [] : this.slidersOf();
    let wait = READ_MS;
    if (this.running !== this.step.id) {
      this.running = this.step.id;
      this.frame = 0;
      if (slider) wait = TICK_MS;
    } else if (slider && this.frame < Math.min(FRAMES, slider.max)) {
      this.frame += 1;
      wait = this.frame === Math.min(FRAMES, slider.max) ? READ_MS : TICK_MS;
    } else if (this.at === this.order.length - 1) {
      this.running = null;
      this.pause();
      return;
    } else {
      this.running = null;
      this.go(this.at + 1, false, true);
      this.timer = setTimeout(() => this.tick(), TICK_MS);
      return;
    }
    if (slider && slider.max > 0) this.slide(slider.id, Math.round((slider.max * this.frame) / Math.min(FRAMES, slider.max)));
    this.timer = setTimeout(() => this.tick(), wait);
  }

  slidersOf() {
    return STEPS[this.step.id].sliders?.(this.data, this.ui) ?? [];
  }

  // --- what the visitor chooses ---

  slide(id, value) {
    if (id === "anchor") this.change({ cell: this.data.facts.views.order[value] });
    else this.change({ [id]: value });
  }

  // `focus`: true moves the focus to what was just said, a name to the reply of that question.
  change(values, focus = false) {
    Object.assign(this.ui, values);
    this.turn.textContent = "";
    this.render();
    if (!focus) return;
    const reply = focus === true ? this.question.querySelector(".said, .option, .stage, button") : this.question.querySelector(`[data-reply=${focus}]`);
    (reply ?? this.title).focus({ preventScroll: focus === true });
  }

  chose(cell) {
    if (!cell) return this.render(); // a second click on the same cell keeps it here
    if (STEPS[this.step.id].ask === "guess" && !this.ui.guessed) return this.change({ cell, guess: cell, guessed: true }, true);
    return this.change({ cell });
  }

  // --- on the screen ---

  render() {
    const { data, step } = this;
    const { words } = data;
    const room = STEPS[step.id];
    this.title.textContent = fill(words.step_of, { n: this.at + 1, count: this.order.length, title: step.title });
    const waiting = !step.missing && waits(this, room.ask);
    this.sentence.textContent = step.missing ? "" : this.sentenceOf(step, room, waiting);
    [...this.places.children].forEach((node, at) => {
      if (at === this.at) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    });
    this.places.scrollLeft = this.places.children[this.at].offsetLeft - this.places.offsetLeft - 60; // on a phone
    Object.assign(this.previous, { textContent: words.previous, disabled: this.at === 0 });
    Object.assign(this.next, { textContent: words.next, disabled: this.at === this.order.length - 1 });
    this.showPlayer();
    this.body.hidden = Boolean(step.missing);
    this.showMissing(step);
    if (!step.missing) this.renderStep(step, room);
    this.detailsTitle.textContent = words.details;
    this.detailsBody.replaceChildren(...step.details.map((text) => element("p", "", text)));
    this.keysTitle.textContent = words.keys;
    this.keysText.textContent = words.keys_text;
    this.export.textContent = words.numbers;
  }

  sentenceOf(step, room, waiting) {
    if (room.ask === "winner" && !waiting) return this.ui.winner ? step.after : step.single;
    if (room.ask === "guess" && !waiting) return step.after;
    return step.sentence;
  }

  showMissing(step) {
    this.missing.hidden = !step.missing;
    const parts = step.missing ? [element("p", "", step.missing)] : [];
    if (step.offer) parts.push(button(step.offer, () => this.setTrigger("wanted", true), "primary"));
    this.missing.replaceChildren(...parts);
  }

  renderStep(step, room) {
    const { data, ui } = this;
    const scene = room.picture?.(data, ui) ?? { picture: data.picture, size: data.size };
    const told = room.ask === "guess" && !ui.guessed ? null : ui.cell;
    this.board.update({
      ...scene, name: `lesson-${step.id}`, channel: CHANNEL, grid: data.grid, palettes: data.palettes, words: data.board,
      recipe: data.recipe, panels: room.panels(data, ui), selected: room.cell || (room.ask === "guess" && told) ? told : null,
    }, (cell) => this.chose(cell));
    this.renderLines(room.lines(data, ui));
    this.hint.textContent = room.cell ? fill(data.words.cell_control, { x: ui.cell[0], y: ui.cell[1] }) : "";
    this.renderControls(this.slidersOf(), room);
    const [bars, chart] = [room.bars?.(data, ui), room.chart?.(data, ui)];
    this.renderBars(bars);
    this.chart.show(chart);
    this.tables.root.hidden = !bars && !chart;
    this.tables.title.textContent = data.words.table;
    this.tables.show({ bars, chart });
    this.question.replaceChildren(...ask(this, room.ask));
    this.lines.hidden = !this.lines.childNodes.length;
  }

  renderLines(lines) {
    const focused = this.lines.querySelector(":focus")?.dataset.number;
    this.lines.replaceChildren(...lines.map(({ tex, values, lit = {}, note }) => {
      const line = equation(tex, values, (node, name, text) => {
        if (!lit[name]) return;
        node.classList.add("lit");
        node.setAttribute("tabindex", "0");
        const light = () => this.board.tell({ lit: lit[name] });
        const dim = () => this.board.tell({ lit: null });
        node.addEventListener("pointerenter", light);
        node.addEventListener("pointerleave", dim);
        node.addEventListener("focus", light);
        node.addEventListener("blur", dim);
      });
      if (note) line.appendChild(element("span", "note", note));
      return line;
    }));
    this.lines.title = lines.some(({ lit }) => lit && Object.keys(lit).length) ? this.data.words.hover : "";
    if (focused) this.lines.querySelector(`[data-number=${focused}]`)?.focus({ preventScroll: true });
  }

  renderControls(sliders, room) {
    const signature = JSON.stringify([this.step.id, sliders.map(({ id, label }) => [id, label]), this.data.words.border]);
    if (signature !== this.controlled) {
      this.controlled = signature;
      this.controls.replaceChildren(...sliders.map(({ id, label }) => {
        const row = element("label", "slider");
        const input = element("input");
        Object.assign(input, { type: "range", step: 1 });
        input.dataset.slider = id;
        input.oninput = () => {
          this.pause();
          this.slide(id, Number(input.value));
        };
        row.append(element("span", "", label), input, element("output"));
        return row;
      }));
      if (room.border) this.controls.appendChild(button(this.data.words.border, () => this.change(atBorder(this.data)), "plain"));
    }
    sliders.forEach(({ id, min, max, text, value = this.ui[id] }, place) => {
      const [, input, output] = this.controls.children[place].children;
      Object.assign(input, { min, max, disabled: max === min });
      input.value = String(value);
      input.setAttribute("aria-valuetext", text);
      output.textContent = text;
    });
  }

  renderBars(bars) {
    this.bars.hidden = !bars;
    if (!bars) return;
    this.bars.replaceChildren(...bars.rows.map(({ name, share, text, colour, chosen, place }) => {
      const row = element(bars.slider ? "button" : "div", "bar-row");
      if (bars.slider) {
        Object.assign(row, { type: "button", tabIndex: -1, onclick: () => this.change({ [bars.slider]: place }) });
      }
      if (chosen) row.classList.add("chosen");
      const track = element("span", "bar-track");
      const filled = track.appendChild(element("i"));
      Object.assign(filled.style, { width: `${100 * share}%`, background: colour });
      row.append(element("span", "bar-name", name), track, element("span", "bar-value", text));
      return row;
    }));
  }

  // What bars and chart of a step show, in numbers.
  tabulate({ bars, chart }) {
    const { title } = this.step;
    const rows = bars?.rows.map(({ name, text }) => [name, text]);
    const lines = chart?.x.map((value, i) => (
      [Number(value.toPrecision(4)), ...chart.series.map((one) => (100 * one.values[i]).toPrecision(4))]
    ));
    return [
      ...(rows ? [table(title, [this.data.words.class, this.data.words.share_axis], rows)] : []),
      ...(lines ? [table(chart.yLabel, [chart.xLabel, ...chart.series.map(({ name }) => name)], lines)] : []),
    ];
  }

  saveFacts() {
    const { recipe, facts, grid, size, scale } = this.data;
    const { pictures, ...drawn } = scale ?? {};
    const record = { recipe, grid_HW: grid, picture_px_WH: size, facts, scale: scale && drawn };
    saveJsonOf(record, "lesson");
  }
}

export default function walk({ data, parentElement, setStateValue, setTriggerValue }) {
  parentElement.mvfaWalk ??= new Walk(parentElement);
  const mounted = parentElement.mvfaWalk;
  mounted.update(data, setStateValue, setTriggerValue);
  return () => mounted.close();
}
