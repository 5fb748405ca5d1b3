// Numbers as a table with a bar in every row, on one axis through zero; rows that add up end in their sum. A row that
// stands for a cell outlines it on the boards while pointed at, and chooses it when pressed.
import { button, element } from "./dom.js";
import { saveTable } from "./export.js";

const EVENT = "mvfa-board-cell";

function head(data) {
  const row = element("tr");
  const { name, cells, value } = data.columns;
  row.append(element("th", "name", name), ...cells.map((text) => element("th", "cell", text)), element("th", "bar"),
    element("th", "value", value));
  return row;
}

// Where zero lies and how wide one unit is, as shares of the bar's column.
function axis(data) {
  const amounts = data.rows.map((row) => row.amount);
  const low = Math.min(0, ...amounts, ...(data.range ?? []));
  const high = Math.max(0, ...amounts, ...(data.range ?? []));
  const unit = 1 / (high - low || 1);
  return { zero: -low * unit, unit };
}

function bar({ amount, colour }, { zero, unit }) {
  const cell = element("td", "bar");
  const track = cell.appendChild(element("div", "track"));
  const line = track.appendChild(element("div", "zero"));
  line.style.left = `${100 * zero}%`;
  const fill = track.appendChild(element("div", "fill"));
  fill.style.left = `${100 * (zero + Math.min(0, amount) * unit)}%`;
  fill.style.width = `${100 * Math.abs(amount) * unit}%`;
  fill.style.background = colour;
  return cell;
}

function bodyRow(bars, data, one, place) {
  const row = element("tr", one.chosen ? "chosen" : "");
  const name = element("td", "name");
  if (one.badge) {
    const badge = name.appendChild(element("i", "badge", one.badge));
    badge.style.background = one.colour;
  }
  name.appendChild(element("span", "", one.name));
  row.append(name, ...one.cells.map((text) => element("td", "cell", text)), bar(one, place),
    element("td", "value", one.value));
  if (one.cell) {
    const tell = (hover) => window.dispatchEvent(
      new CustomEvent(EVENT, { detail: { channel: data.channel, hover } }),
    );
    const press = () => bars.press(one.cell);
    Object.assign(row, { tabIndex: 0, onclick: press, onpointerenter: () => tell(one.cell) });
    row.onpointerleave = () => tell(null);
    row.onfocus = () => tell(one.cell);
    row.onblur = () => tell(null);
    row.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press();
    };
    row.setAttribute("aria-selected", String(Boolean(one.chosen)));
  }
  return row;
}

function totalRow({ columns }, total) {
  const row = element("tr", "total");
  const name = element("td", "name", total.name);
  name.colSpan = columns.cells.length + 2;
  row.append(name, element("td", "value", total.value));
  return row;
}

function saveRows({ caption, columns, rows, total }) {
  const head = [columns.name, ...columns.cells, columns.value];
  const lines = rows.map((row) => [row.name, ...row.cells, row.amount]);
  const last = total ? [[total.name, ...columns.cells.map(() => ""), total.value]] : [];
  saveTable(caption, [head, ...lines, ...last]);
}

export default function bars({ data, parentElement, setTriggerValue }) {
  if (!parentElement.mvfaBars) {
    const frame = parentElement.appendChild(element("div", "frame"));
    const made = { frame, table: frame.appendChild(element("table")) };
    made.save = parentElement.appendChild(button("CSV", () => saveRows(made.data), "csv"));
    parentElement.mvfaBars = made;
  }
  const mounted = parentElement.mvfaBars;
  mounted.data = data;
  mounted.save.setAttribute("aria-label", data.save);
  mounted.press = (cell) => setTriggerValue("picked", cell);
  mounted.frame.classList.toggle("scroll", Boolean(data.scroll));
  const place = axis(data);
  const top = element("thead");
  top.appendChild(head(data));
  const body = element("tbody");
  body.append(...data.rows.map((one) => bodyRow(mounted, data, one, place)));
  const parts = [element("caption", "", data.caption), top, body];
  if (data.total) {
    const foot = element("tfoot");
    foot.appendChild(totalRow(data, data.total));
    parts.push(foot);
  }
  const focused = [...mounted.table.querySelectorAll("tbody tr")].indexOf(parentElement.getRootNode().activeElement);
  mounted.table.replaceChildren(...parts);
  if (focused >= 0) body.rows[focused]?.focus({ preventScroll: true });
}
