// The history of runs: filtering, sorting and picking stay in the browser; only the picked names go back. Rows are kept
// while their texts change, so nothing loses its focus when the page looks again.
import { onPublish, tell, told } from "./address.js";
import { element, fill } from "./dom.js";

const COLUMNS = ["name", "state", "data", "model", "steps", "accuracy", "best", "curve", "when"];
const NUMBERS = ["accuracy", "best", "steps", "when"];
const [order, down] = (told("order", /^[a-z]{1,20}(-down)?$/) ?? "when-down").split("-");
const view = (window.mvfaRunsView ??= {
  text: told("find", /^.{1,60}$/) ?? "",
  state: told("status", /^[a-z]{1,20}$/) ?? "",
  data: told("pictures", /^.{1,80}$/) ?? "",
  pooling: told("ending", /^[A-Za-z]{1,20}$/) ?? "",
  sort: COLUMNS.includes(order) && order !== "curve" ? order : "when",
  falling: Boolean(down),
});

function publish() {
  const sorted = `${view.sort}${view.falling ? "-down" : ""}`;
  tell({
    find: view.text.slice(0, 60) || null,
    status: view.state || null,
    pictures: view.data || null,
    ending: view.pooling || null,
    order: sorted === "when-down" ? null : sorted,
  });
}

const SVG = "http://www.w3.org/2000/svg";

class RunsTable {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "runs"));
    this.stopPublishing = onPublish(publish);
    this.rows = new Map();
    this.picked = null;
    this.told = new Set();
  }

  update(data, setState) {
    Object.assign(this, { data, setState });
    if (!this.picked) {
      this.picked = new Set(data.picked);
      this.told.add(JSON.stringify(data.picked));
    }
    const built = JSON.stringify(data.words);
    if (built !== this.built) this.build();
    this.built = built;
    const there = new Set(data.rows.map((row) => row.id));
    // The page ticks a run that it has renamed or taken in; what was told from here only comes back late.
    const meant = JSON.stringify(data.picked);
    const renewed = !this.told.has(meant) && data.picked.length > 0;
    if (renewed) this.picked = new Set(data.picked);
    const gone = [...this.picked].filter((id) => !there.has(id));
    gone.forEach((id) => this.picked.delete(id));
    [...this.rows.keys()].filter((id) => !there.has(id)).forEach((id) => {
      this.rows.get(id).row.remove();
      this.rows.delete(id);
    });
    data.rows.forEach((one) => this.write(one));
    this.offer();
    this.arrange();
    publish();
    if (gone.length || renewed) this.tell();
  }

  // --- building ---

  build() {
    const { words } = this.data;
    this.root.replaceChildren();
    this.rows.clear();
    const tools = this.root.appendChild(element("div", "tools"));
    const label = (text, field) => {
      const node = tools.appendChild(element("label"));
      node.append(element("span", "", text), field);
      return node;
    };
    const search = element("input");
    Object.assign(search, { type: "search", value: view.text, placeholder: words.search_hint });
    search.oninput = () => this.set("text", search.value);
    label(words.search, search).className = "text";
    this.selects = ["state", "data", "pooling"].map((key) => {
      const select = element("select");
      select.onchange = () => this.set(key, select.value);
      label(words[key], select);
      return [key, select];
    });
    this.count = tools.appendChild(element("output", "count"));
    const frame = this.root.appendChild(element("div", "frame"));
    const table = frame.appendChild(element("table"));
    table.appendChild(element("caption", "", words.caption));
    table.appendChild(this.buildHead());
    this.body = table.appendChild(element("tbody"));
    this.none = frame.appendChild(element("div", "none", words.none));
  }

  buildHead() {
    const { words } = this.data;
    const head = element("thead");
    const row = head.appendChild(element("tr"));
    const first = row.appendChild(element("th"));
    this.all = first.appendChild(element("input"));
    this.all.type = "checkbox";
    this.all.setAttribute("aria-label", words.all);
    this.all.onchange = () => {
      this.shown.forEach(({ id }) => (this.all.checked ? this.picked.add(id) : this.picked.delete(id)));
      this.tell();
    };
    this.heads = COLUMNS.map((column) => {
      const cell = row.appendChild(element("th", NUMBERS.includes(column) && column !== "when" ? "number" : ""));
      cell.scope = "col";
      if (column === "curve") cell.appendChild(element("span", "hidden", words.columns[column]));
      else {
        const sort = cell.appendChild(element("button", "", words.columns[column]));
        sort.type = "button";
        sort.appendChild(element("span", "arrow"));
        sort.onclick = () => {
          view.falling = view.sort === column ? !view.falling : NUMBERS.includes(column);
          this.set("sort", column);
        };
      }
      return [column, cell];
    });
    return head;
  }

  set(key, value) {
    view[key] = value;
    publish();
    this.arrange();
  }

  // --- one row ---

  make(one) {
    const { id } = one;
    const row = element("tr");
    row.dataset.run = id;
    const cells = {};
    for (const column of ["pick", ...COLUMNS]) {
      cells[column] = row.appendChild(element("td", NUMBERS.includes(column) && column !== "when" ? "number" : ""));
      cells[column].dataset.column = column;
    }
    const box = cells.pick.appendChild(element("input"));
    box.type = "checkbox";
    box.onchange = () => {
      if (box.checked) this.picked.add(id);
      else this.picked.delete(id);
      this.tell();
    };
    const name = cells.name.appendChild(element("button", "name", one.name));
    name.type = "button";
    name.onclick = () => {
      this.picked = new Set([id]);
      this.tell();
    };
    const state = cells.state.appendChild(element("span", "state"));
    state.append(element("span", "dot"), element("span"));
    const made = { row, cells, box, state };
    this.rows.set(id, made);
    return made;
  }

  write(one) {
    const { row, cells, box, state } = this.rows.get(one.id) ?? this.make(one);
    box.setAttribute("aria-label", fill(this.data.words.pick, { run: one.name }));
    put(state.lastChild, one.label);
    state.classList.toggle("moving", one.moving);
    state.style.setProperty("--tone", one.tone);
    for (const column of ["data", "model"]) put(cells[column], one[column]);
    for (const column of ["steps", "accuracy", "best", "when"]) put(cells[column], one.shown[column]);
    if (one.why) {
      put(cells.data, "");
      cells.model.className = "why";
      cells.model.dataset.column = "why";
      put(cells.model, one.why);
      cells.model.colSpan = 6;
      for (const column of ["steps", "accuracy", "best", "curve"]) cells[column].remove();
      cells.data.remove();
    } else if (row.dataset.curve !== String(one.curve)) {
      row.dataset.curve = String(one.curve);
      cells.curve.replaceChildren(spark(one.curve, one.colour));
    }
  }

  // --- what is offered, and in which order ---

  offer() {
    const { words } = this.data;
    for (const [key, select] of this.selects) {
      const values = [...new Map(this.data.rows.map((row) => [row[key], key === "state" ? row.label : row[key]]))]
        .filter(([value]) => value).sort(([, one], [, two]) => one.localeCompare(two));
      const signature = JSON.stringify(values);
      if (select.dataset.values === signature) continue;
      select.dataset.values = signature;
      select.replaceChildren(...[["", words.any], ...values].map(([value, text]) => {
        const option = element("option", "", text);
        option.value = value;
        return option;
      }));
      if (!values.some(([value]) => value === view[key])) view[key] = "";
      select.value = view[key];
    }
  }

  arrange() {
    const wanted = view.text.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.data.rows.filter((row) => {
      const text = `${row.id} ${row.label} ${row.data} ${row.model} ${row.why}`.toLowerCase();
      return wanted.every((word) => text.includes(word))
        && ["state", "data", "pooling"].every((key) => !view[key] || row[key] === view[key]);
    });
    const sign = view.falling ? -1 : 1;
    this.shown.sort((one, two) => sign * compare(one.order[view.sort], two.order[view.sort]) || (one.id < two.id ? -1 : 1));
    const shown = new Set(this.shown.map(({ id }) => id));
    this.rows.forEach(({ row }, id) => {
      if (!shown.has(id)) row.remove();
    });
    this.shown.forEach(({ id }, index) => {
      const { row } = this.rows.get(id);
      // A row that stands where it should is not touched: taking it out would take the focus with it.
      if (this.body.children[index] !== row) this.body.insertBefore(row, this.body.children[index] ?? null);
    });
    this.none.hidden = this.shown.length > 0;
    this.label();
  }

  label() {
    const { words } = this.data;
    put(this.count, fill(words.count, { shown: this.shown.length, all: this.data.rows.length, picked: this.picked.size }));
    this.heads.forEach(([column, cell]) => {
      const sorted = view.sort === column;
      cell.setAttribute("aria-sort", sorted ? (view.falling ? "descending" : "ascending") : "none");
      const arrow = cell.querySelector(".arrow");
      if (arrow) put(arrow, sorted ? (view.falling ? " ↓" : " ↑") : "");
    });
    this.rows.forEach(({ row, box }, id) => {
      box.checked = this.picked.has(id);
      row.classList.toggle("picked", box.checked);
    });
    const ticked = this.shown.filter(({ id }) => this.picked.has(id)).length;
    this.all.checked = ticked > 0 && ticked === this.shown.length;
    this.all.indeterminate = ticked > 0 && ticked < this.shown.length;
  }

  tell() {
    this.label();
    this.told.add(JSON.stringify([...this.picked]));
    this.setState("picked", [...this.picked]);
  }
}

// Texts that stay are not touched.
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function compare(one, two) {
  if (one === two) return 0;
  if (one === null || two === null) return one === null ? -1 : 1;
  return typeof one === "string" ? one.localeCompare(two) : one - two;
}

// The validations of a run from 0 to 100 %, for the eye only: the number stands beside it.
function spark(values, colour) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 24");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = svg.appendChild(document.createElementNS(SVG, "polyline"));
  const last = Math.max(values.length - 1, 1);
  line.setAttribute("points", values.map((value, place) => `${(100 * place) / last},${22 - 20 * value}`).join(" "));
  line.setAttribute("stroke", colour);
  return svg;
}

export default function runsTable({ data, parentElement, setStateValue }) {
  parentElement.mvfaRuns ??= new RunsTable(parentElement);
  parentElement.mvfaRuns.update(data, setStateValue);
  return () => parentElement.mvfaRuns.stopPublishing();
}
