// The verdict: one row a class, a bar for each head, the numbers beside them.
import { element } from "./dom.js";

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

export default function verdict({ data, parentElement }) {
  const root = (parentElement.mvfaVerdict ??= parentElement.appendChild(element("table")));
  const rows = data.rows.map((row) => classRow(data, row));
  if (data.more) {
    const last = element("tr");
    last.appendChild(element("td", "name", data.more));
    rows.push(last);
  }
  const columns = element("colgroup");
  columns.append(element("col", "name"), ...data.heads.flatMap(() => [element("col", "bar"), element("col", "value")]));
  root.replaceChildren(element("caption", "", data.words.caption), columns, headRow(data), ...rows);
}
