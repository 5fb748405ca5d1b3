// Shares as dots on one axis from 0 to 100 %, a row each: several dots a row where several things are compared.
import { element } from "./dom.js";
import { saveJsonOf, saveTable } from "./export.js";
import { saveLine } from "./saves.js";
import { share, table, Tables } from "./tables.js";

function key(data) {
  const row = element("div", "key");
  for (const { colour, label, hollow } of data.key) {
    const entry = row.appendChild(element("span", "entry"));
    const dot = entry.appendChild(element("i", hollow ? "hollow" : ""));
    dot.style.setProperty("--dot", colour);
    entry.appendChild(element("span", "", label));
  }
  return row;
}

function track(one, looks) {
  const cell = element("td", "track");
  const line = cell.appendChild(element("div", "line"));
  const values = one.dots.filter((value) => value !== null);
  if (values.length > 1) {
    const span = line.appendChild(element("div", "span"));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    Object.assign(span.style, { left: `${100 * low}%`, width: `${100 * (high - low)}%` });
  }
  one.dots.forEach((value, place) => {
    if (value === null) return;
    const dot = line.appendChild(element("i", looks[place].hollow ? "hollow" : ""));
    dot.style.setProperty("--dot", looks[place].colour);
    dot.style.left = `${100 * value}%`;
  });
  return cell;
}

const shown = (value) => (value === null ? "" : share(value));

function tabulate({ caption, columns, key: looks, rows }) {
  const head = [columns.name, columns.count, ...looks.map(({ label }) => `${label}, %`)];
  const lines = rows.map(({ name, count, dots: values }) => [name, count, ...values.map(shown)]);
  return [table(caption, head, lines, { saves: false })];
}

function build(parent) {
  const root = parent.appendChild(element("div", "dots"));
  const chart = root.appendChild(element("div"));
  const tables = new Tables("", tabulate);
  const saves = element("div");
  root.append(saves, tables.root);
  return { chart, saves, tables };
}

// One line a row: its name, its count, then a share for every kind of dot.
function saveCsv({ caption, columns, key: kinds, rows }) {
  const head = [columns.name, columns.count, ...kinds.map(({ label }) => label)];
  saveTable(caption, [head, ...rows.map(({ name, n, dots: shares }) => [name, n, ...shares.map((one) => one ?? "")])]);
}

function saveJson({ caption, key: kinds, rows }) {
  const share = (shares) => Object.fromEntries(kinds.map(({ label }, place) => [label, shares[place] ?? null]));
  const records = rows.map(({ name, n, dots: shares }) => ({ name, count: n, shares: share(shares) }));
  saveJsonOf({ title: caption, rows: records }, caption);
}

export default function dots({ data, parentElement }) {
  const { chart, saves, tables } = (parentElement.mvfaDots ??= build(parentElement));
  const frame = element("div", data.scroll ? "frame scroll" : "frame");
  if (data.scroll) {
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", data.caption);
  }
  const drawn = frame.appendChild(element("table"));
  drawn.appendChild(element("caption", "", data.caption));
  const head = drawn.appendChild(element("thead")).appendChild(element("tr"));
  const axis = element("th", "track");
  const scale = axis.appendChild(element("div", "scale"));
  scale.append(...["0", "50", "100 %"].map((text) => element("span", "", text)));
  head.append(element("th", "name", data.columns.name), element("th", "count", data.columns.count), axis,
    element("th", "value", data.columns.value));
  const body = drawn.appendChild(element("tbody"));
  for (const one of data.rows) {
    const row = body.appendChild(element("tr"));
    row.append(element("td", "name", one.name), element("td", "count", one.count), track(one, data.key),
      element("td", "value", one.value));
    row.firstChild.title = one.name;
  }
  chart.replaceChildren(key(data), frame);
  saves.replaceChildren(saveLine(data.save, data.caption, { CSV: () => saveCsv(data), JSON: () => saveJson(data) }));
  tables.title.textContent = data.table;
  tables.show(data);
}
