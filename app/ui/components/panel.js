// One panel of a board: its elements, its legend, its list and the line below the picture.
import { button, element, fill, proportion } from "./dom.js";
import { barTicks, exactNumber, paintBar } from "./paint.js";

export function buildPanel() {
  const part = { figure: element("figure", "panel") };
  const head = element("div", "head");
  part.title = element("h3");
  part.symbol = element("span", "symbol");
  part.save = button("PNG", null, "quiet");
  part.raw = button("", null, "quiet");
  head.append(part.title, part.symbol, part.save, part.raw);
  part.stage = element("div", "stage");
  part.stage.tabIndex = 0;
  part.stage.setAttribute("role", "img");
  part.base = element("canvas");
  part.marks = element("canvas");
  part.message = element("p", "message");
  part.stage.append(part.base, part.marks, part.message);
  part.legend = element("div", "legend");
  part.readout = element("div", "readout");
  part.readout.setAttribute("aria-live", "polite");
  part.caption = element("figcaption");
  part.list = element("ol", "list");
  part.figure.append(head, part.stage, part.legend, part.readout, part.caption, part.list);
  return part;
}

export function labelPanel(part, panel, data) {
  part.title.textContent = panel.title;
  part.symbol.textContent = panel.symbol ?? "";
  part.symbol.title = panel.symbol ?? ""; // a long class name is cut off
  part.caption.textContent = panel.caption ?? "";
  part.stage.setAttribute("aria-label", panel.alt);
  part.save.setAttribute("aria-label", fill(data.words.save_png, { title: panel.title }));
  const kind = panel.kind === "map" ? "NPY" : "JSON";
  part.raw.textContent = kind;
  part.raw.hidden = Boolean(panel.message);
  part.raw.setAttribute("aria-label", fill(data.words.save_raw, { title: panel.title, kind }));
  proportion(part.stage, data.size);
  part.message.textContent = panel.message ?? "";
  part.message.hidden = !panel.message;
}

export function showColours(part, panel, range, palette) {
  const bar = element("canvas", "bar");
  bar.width = 256;
  bar.height = 1;
  paintBar(bar.getContext("2d"), range, palette, 0, 0, 256, 1);
  const ticks = element("div", "ticks");
  for (const { at, text } of barTicks(range)) {
    const tick = element("span", at === 0 ? "first" : at === 1 ? "last" : "", text);
    tick.style.left = `${100 * at}%`;
    ticks.appendChild(tick);
  }
  part.legend.replaceChildren(bar, ticks, element("span", "unit", panel.unit));
}

function swatch(shape, colour) {
  const node = element("i", shape);
  node.style.setProperty("--swatch", colour);
  return node;
}

export function showKey(part, panel) {
  part.legend.replaceChildren(...(panel.key ?? []).map(({ text, colour, shape }) => {
    const item = element("span", "item");
    item.append(swatch(shape, colour), element("span", "", text));
    return item;
  }));
}

export function showList(part, panel, point) {
  const rows = panel.boxes ?? [];
  part.list.hidden = rows.length < 2 || Boolean(panel.listless); // one box says all in the line below the picture
  part.list.classList.toggle("single", Boolean(panel.single));
  part.list.replaceChildren(...rows.map((box, row) => {
    const item = element("li");
    item.append(element("b", "", String(box.rank)), swatch("box", box.colour), element("span", "", box.name),
      element("span", "value", box.value));
    item.onpointerenter = () => point(row);
    item.onpointerleave = () => point(-1);
    return item;
  }));
}

// The line below the picture: what is pointed at, or what the panel says as a whole.
export function readout(panel, data, cell, box) {
  if (panel.message) return "";
  if (box >= 0) return panel.boxes[box].label;
  if (!cell || panel.outlined) return panel.rest ?? "";
  const { words, grid: [rows, columns], size } = data;
  const [x, y] = cell;
  const at = fill(words.cell, { x, y });
  if (panel.kind === "picture") return at;
  if (panel.kind === "map") return `${at}  ${exactNumber(panel.values[y * columns + x])} ${panel.unit}`;
  if (panel.kind === "anchors") {
    const rank = panel.cells.findIndex((one) => one[0] === x && one[1] === y);
    if (rank < 0) return `${at}  ${words.no_anchor}`;
    const values = { rank: rank + 1, count: panel.cells.length, value: exactNumber(panel.values[rank]) };
    const name = panel.names ? `, ${panel.names[rank]}` : "";
    return `${at}  ${fill(words.anchor, values)}${name}`;
  }
  const [middleX, middleY] = [((x + 0.5) * size[0]) / columns, ((y + 0.5) * size[1]) / rows];
  const inside = panel.boxes.filter(({ px: [x0, y0, x1, y1] }) => (
    middleX > x0 && middleX < x1 && middleY > y0 && middleY < y1
  )).length;
  return `${at}  ${fill(words.inside, { inside, count: panel.boxes.length })}`;
}
