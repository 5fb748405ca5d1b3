// The verdict: one row a class, a bar for each head, the numbers beside them.
function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function percent(value) {
  if (value === null) return "";
  return value >= 0.9995 ? "100 %" : `${(100 * value).toFixed(1)} %`;
}

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
  one.values.forEach((value, index) => {
    const bar = element("td", "bar");
    const track = element("div");
    track.style.width = `${100 * (value ?? 0)}%`;
    track.style.background = data.heads[index].colour;
    bar.appendChild(track);
    row.append(bar, element("td", "value", percent(value)));
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
  root.replaceChildren(element("caption", "", data.words.caption), headRow(data), ...rows);
}
