// Files from a board: a panel as a picture with its title, colour bar and recipe; the board's numbers as JSON.
import { element } from "./dom.js";
import { barTicks, paintBar } from "./paint.js";

const WIDE = 1200;

export function save(name, blob) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function fileName(...parts) {
  // a name that is all in other letters keeps them
  const plain = parts.join("-").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return plain || parts.join("-").replace(/[^\p{L}\p{N}]+/gu, "-") || "table";
}

// A canvas as PNG and a record as JSON: the only way in which the browser writes either.
export function saveCanvas(canvas, ...name) {
  canvas.toBlob((blob) => save(`${fileName(...name)}.png`, blob), "image/png");
}

export function saveJsonOf(record, ...name) {
  save(`${fileName(...name)}.json`, new Blob([JSON.stringify(record, null, 1)], { type: "application/json" }));
}

// A number that is written for people, with its sign, is a number for programs, too.
function bare(text) {
  return /^[+\u2212]\d[\d.]*(e[+-]?\d+)?$/.test(text) ? text.replace("+", "").replace("\u2212", "-") : text;
}

// A spreadsheet carries out what begins like a formula, also where the name of a class says it: as in mvfa_core/csv_files.py
// such a text gets an apostrophe in front, and numbers stay numbers.
function defused(text) {
  text = text.replace(/\r\n?/g, "\n");
  const number = /^[+-]?[0-9]{1,40}(\.[0-9]{0,40})?(e[+-]?[0-9]{1,5})?%?$/i.test(text);
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) && !number ? `'${text}` : text;
}

// Rows of texts and numbers as CSV, the only way in which the browser writes it; a note stands first, in one cell.
export function csvOf(rows, note = "") {
  const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => row.map((value) => quote(defused(bare(String(value ?? ""))))).join(","));
  return `${[...(note ? [quote(`# ${note.replace(/\s+/g, " ")}`)] : []), ...lines].join("\n")}\n`;
}

export function saveTable(name, rows, note = "") {
  save(`${fileName(name)}.csv`, new Blob([csvOf(rows, note)], { type: "text/csv" }));
}

function plain({ id, title, setting, symbol, kind, unit, values, cells, names, boxes }) {
  const kept = boxes?.map(({ name, px, seen, rank, size, confidence }) => ({ name, px, seen, rank, size, confidence }));
  return { id, title, setting, symbol, kind, unit, values, cells, names, boxes: kept };
}

// A panel with a dial says where the dial stands.
function panelName(data, panel) {
  return fileName(data.name, panel.id, ...(panel.turned ? ["t", panel.turned] : []));
}

function saveRecord(data, panels, name) {
  saveJsonOf({ recipe: data.recipe, grid_HW: data.grid, picture_px_WH: data.size, panels }, ...name);
}

// NumPy's own format, version 1.0: a header of a multiple of 64 bytes, then little-endian 32-bit floats row by row.
function npy(values, [rows, columns]) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length + 4 * values.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set([...padded].map((letter) => letter.charCodeAt(0)), 10);
  const view = new DataView(bytes.buffer);
  values.forEach((value, place) => view.setFloat32(10 + padded.length + 4 * place, value, true));
  return bytes;
}

// The numbers of one panel: a map as an array of (H, W), anything else as JSON.
export function saveNumbers(data, panel) {
  if (panel.kind !== "map") return saveRecord(data, [plain(panel)], [data.name, panel.id]);
  return save(`${panelName(data, panel)}.npy`, new Blob([npy(panel.values, data.grid)]));
}

export function saveJson(data) {
  saveRecord(data, data.panels.map(plain), [data.name]);
}

// On white, whatever the theme: these go into papers.
export function savePanel(board, index) {
  const { data } = board;
  const panel = data.panels[index];
  if (panel.message || !board.picture) return;
  const unit = WIDE / 480;
  const edge = 10 * unit;
  const wide = WIDE - 2 * edge;
  const tall = Math.round((wide * data.size[1]) / data.size[0]);
  const top = 32 * unit;
  const canvas = element("canvas");
  Object.assign(canvas, { width: WIDE, height: top + tall + 64 * unit });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);

  const picture = element("canvas");
  Object.assign(picture, { width: wide, height: tall });
  board.paintBase(panel, picture.getContext("2d"), wide, tall);
  board.paintOver(panel, index, picture.getContext("2d"), wide, tall, unit * 0.8, false);
  context.drawImage(picture, edge, top);

  const write = (text, x, y, size, weight = 400, align = "left") => {
    Object.assign(context, { font: `${weight} ${size * unit}px system-ui, sans-serif`, textAlign: align });
    Object.assign(context, { fillStyle: "#1d2228", textBaseline: "middle" });
    context.fillText(text, x, y, wide);
    return context.measureText(text).width;
  };
  const title = write([panel.title, panel.setting].filter(Boolean).join(", "), edge, top / 2, 14, 600);
  write(panel.symbol ?? "", edge + title + 8 * unit, top / 2, 12);
  const line = top + tall + 14 * unit;
  if (panel.kind === "map") writeColours(board, panel, context, write, { edge, line, unit, wide });
  else writeKey(panel, context, write, { edge, line, unit });
  write(data.recipe.text, edge, top + tall + 50 * unit, 9.5);
  saveCanvas(canvas, panelName(data, panel));
}

function writeColours(board, panel, context, write, { edge, line, unit, wide }) {
  const range = board.rangeOf(panel);
  const length = wide - 46 * unit;
  paintBar(context, range, board.paletteOf(range), edge, line - 4 * unit, length, 8 * unit);
  for (const { at, text } of barTicks(range)) {
    write(text, edge + at * length, line + 14 * unit, 10.5, 400, at === 0 ? "left" : at === 1 ? "right" : "center");
  }
  write(panel.unit, edge + wide, line, 10.5, 400, "right");
}

function writeKey(panel, context, write, { edge, line, unit }) {
  let x = edge;
  for (const { text, colour, shape } of panel.key ?? []) {
    const radius = (shape.includes("small") ? 3 : 5) * unit;
    const dashed = shape.includes("dashed");
    context.beginPath();
    if (shape.startsWith("box")) context.rect(x, line - radius, 2 * radius, 2 * radius);
    else context.arc(x + 5 * unit, line, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    if (!dashed) context.fill();
    Object.assign(context, { lineWidth: dashed ? 2 * unit : unit, strokeStyle: dashed ? colour : "rgba(12, 15, 18, 0.6)" });
    context.setLineDash(dashed ? [3 * unit, 2 * unit] : []);
    context.stroke();
    context.setLineDash([]);
    x += 14 * unit + write(text, x + 14 * unit, line, 10.5) + 14 * unit;
  }
}
