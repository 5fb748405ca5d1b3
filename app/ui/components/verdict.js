// The verdict: one row a class, a bar for each head, the numbers beside them.
import { verdictOf } from "./answers.js";
import { button, element } from "./dom.js";
import { saveTable } from "./export.js";
import { Follower } from "./method.js";

function headRow(data) {
  const row = element("tr");
  row.appendChild(element("th", "", data.words.class));
  for (const head of data.heads) {
    const cell = element("th");
    cell.colSpan = 2;
    const swatch = element("i");
    swatch.style.background = head.colour;
    cell.append(swatch, element("span", "", head.name));
    row.appendChild(cell);
  }
  return row;
}

function classRow(data, one) {
  const row = element("tr", one.predicted ? "predicted" : "");
  const name = element("td", "name", one.name);
  for (const note of one.notes) name.appendChild(element("span", "note", note));
  row.appendChild(name);
  one.values.forEach(({ share, text }, index) => {
    const bar = element("td", "bar");
    const track = element("div");
    track.style.width = `${100 * share}%`;
    track.style.background = data.heads[index].colour;
    bar.appendChild(track);
    row.append(bar, element("td", "value", text));
  });
  return row;
}

function saveRows(data) {
  const head = [data.words.class, ...data.heads.map(({ name }) => name)];
  saveTable(data.words.caption, [head, ...data.rows.map((row) => [row.name, ...row.values.map(({ share }) => share)])]);
}

class Verdict {
  constructor(parent) {
    this.table = parent.appendChild(element("table"));
    this.note = parent.appendChild(element("p", "line"));
    this.save = parent.appendChild(button("CSV", () => saveRows(this.shown), "csv"));
    this.follower = new Follower(() => this.answer());
  }

  update(data) {
    this.data = data;
    this.follower.follow(data.live ?? null);
    if (!data.live) this.show(data);
    else if (this.follower.method.view) this.answer();
  }

  answer() {
    this.show(verdictOf(this.data, this.follower.method));
  }

  // Classes that stay where they are keep their rows: only bars and numbers move.
  move(data) {
    const order = JSON.stringify([data.words, data.heads, data.more, data.rows.map((row) => [row.name, row.notes, row.predicted])]);
    const stays = order === this.order;
    this.order = order;
    if (!stays) return false;
    const bars = this.table.querySelectorAll(".bar div");
    const values = this.table.querySelectorAll("td.value");
    data.rows.flatMap((row) => row.values).forEach(({ share, text }, place) => {
      bars[place].style.width = `${100 * share}%`;
      if (values[place].textContent !== text) values[place].textContent = text;
    });
    return true;
  }

  show(data) {
    this.shown = data;
    this.save.setAttribute("aria-label", data.words.save);
    this.note.hidden = !data.note;
    this.note.textContent = data.note ?? "";
    if (this.move(data)) return;
    const rows = data.rows.map((row) => classRow(data, row));
    if (data.more) {
      const last = element("tr");
      last.appendChild(element("td", "name", data.more)).colSpan = 1 + 2 * data.heads.length;
      rows.push(last);
    }
    const columns = element("colgroup");
    columns.append(element("col", "name"), ...data.heads.flatMap(() => [element("col", "bar"), element("col", "value")]));
    this.table.replaceChildren(element("caption", "", data.words.caption), columns, headRow(data), ...rows);
  }
}

export default function verdict({ data, parentElement }) {
  parentElement.mvfaVerdict ??= new Verdict(parentElement);
  const mounted = parentElement.mvfaVerdict;
  mounted.update(data);
  return () => mounted.follower.follow(null);
}
