// Numbers as tables, for those who read rather than look: one line below a chart that opens, filled when it does. Every
// table can be taken along as CSV.
import { button, element, fill, rebuild } from "./dom.js";
import { saveTable } from "./export.js";
import { exactNumber } from "./paint.js";

function row(tag, texts, first = tag) {
  const line = element("tr");
  texts.forEach((text, place) => {
    const cell = line.appendChild(element(place ? tag : first, "", String(text)));
    if (cell.tagName === "TH") cell.scope = tag === "th" ? "col" : "row";
  });
  return line;
}

// A share of a count in per cent: all is 100, none is 0, and nothing else reads so.
export function share(value) {
  if (value === 0 || value === 1) return String(100 * value);
  for (let digits = 1; digits < 12; digits += 1) {
    const text = (100 * value).toFixed(digits);
    if (![0, 100].includes(Number(text))) return text;
  }
  return String(100 * value);
}

const amount = (text) => Number(String(text).replace("\u2212", "-").replace(/[,%\u00a0 ]/g, ""));

// A press on the head of a column sorts by it, another one the other way round; a number begins with the largest.
function sortable(made, head, rows) {
  const body = made.tBodies[0];
  const lines = [...body.rows].map((line, place) => ({ line, texts: rows[place] }));
  const heads = [...made.tHead.rows[0].cells];
  heads.forEach((cell, at) => {
    const numbers = rows.every((texts) => Number.isFinite(amount(texts[at])));
    const arrow = element("span", "arrow");
    const press = button(head[at], () => {
      const falling = cell.getAttribute("aria-sort") ? cell.getAttribute("aria-sort") !== "descending" : numbers;
      const compare = (a, b) => (numbers ? amount(a) - amount(b) : String(a).localeCompare(String(b)));
      heads.forEach((other) => {
        other.removeAttribute("aria-sort");
        other.querySelector(".arrow").textContent = "";
      });
      cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      arrow.textContent = falling ? " ↓" : " ↑";
      const order = [...lines].sort((one, two) => (falling ? -1 : 1) * compare(one.texts[at], two.texts[at]));
      body.replaceChildren(...order.map(({ line }) => line));
    }, "sort");
    press.appendChild(arrow);
    cell.replaceChildren(press);
  });
}

export function table(caption, head, rows, { sorted = false, saves = true } = {}) {
  const made = element("table");
  made.appendChild(element("caption", "", caption));
  made.appendChild(element("thead")).appendChild(row("th", head));
  made.appendChild(element("tbody")).append(...rows.map((texts) => row("td", texts, "th")));
  if (sorted) sortable(made, head, rows);
  const frame = element("div", "scroll");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", caption);
  frame.appendChild(made);
  const whole = element("div");
  whole.append(frame);
  if (!saves) return whole; // what it belongs to has a line of its own to save it
  const csv = button("CSV", () => saveTable(caption, [head, ...rows]), "take");
  csv.setAttribute("aria-label", `CSV: ${caption}`);
  whole.append(csv);
  return whole;
}

function ofMap({ title, unit, values }, { grid: [rows, columns] }, words) {
  const head = [words.corner, ...Array.from({ length: columns }, (_, x) => x)];
  const lines = Array.from({ length: rows }, (_, y) => (
    [y, ...values.slice(y * columns, (y + 1) * columns).map(exactNumber)]
  ));
  return table(fill(words.map, { title, unit }), head, lines);
}

function ofAnchors({ title, cells, values, names }, _, words) {
  const head = names ? [...words.anchors, words.name] : words.anchors;
  const lines = cells.map(([x, y], rank) => (
    [rank + 1, x, y, exactNumber(values[rank]), ...(names ? [names[rank]] : [])]
  ));
  return table(title, head, lines);
}

function ofBoxes({ title, boxes }, _, words) {
  return table(title, words.boxes, boxes.map(({ rank, name, value, px }) => [rank, name, value, ...px.map(Math.round)]));
}

const KINDS = { map: ofMap, anchors: ofAnchors, boxes: ofBoxes };

// A line that opens to tables: `tables(data)` makes them, anew whenever other data is shown, but only while it is open.
export class Tables {
  constructor(title, tables) {
    this.tables = tables;
    this.root = element("details", "mvfa-tables");
    this.title = element("summary", "", title);
    this.body = element("div");
    this.root.append(this.title, this.body);
    this.root.ontoggle = () => this.fill();
  }

  show(data) {
    this.data = data;
    this.fill();
  }

  fill() {
    if (this.root.open && this.data) rebuild(this.body, () => this.body.replaceChildren(...this.tables(this.data)));
  }
}

export function boardTables({ words }) {
  return new Tables(words.table.title, (data) => data.panels
    .filter((panel) => !panel.message && KINDS[panel.kind])
    .map((panel) => KINDS[panel.kind](panel, data, data.words.table)));
}
