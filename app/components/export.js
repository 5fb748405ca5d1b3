// Files from a board: a panel as a picture with its title, colour bar and recipe; the board's numbers as JSON.
import { barTicks, paintBar } from "./paint.js";

const WIDE = 1200;

export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function fileName(...parts) {
  return parts.join("-").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

export function saveJson(data) {
  const panels = data.panels.map(({ id, title, kind, unit, values, cells, boxes }) => (
    { id, title, kind, unit, values, cells, boxes: boxes?.map(({ px, rank, size, confidence }) => (
      { px, rank, size, confidence }
    )) }
  ));
  const record = { recipe: data.recipe, grid_HW: data.grid, picture_px_WH: data.size, panels };
  save(`${fileName(data.name)}.json`, new Blob([JSON.stringify(record, null, 1)], { type: "application/json" }));
}

// On white, whatever the theme: these go into papers.
export function savePanel(board, index) {
  const { data } = board;
  const panel = data.panels[index];
  if (panel.message || !board.picture) return;
  const unit = WIDE / 400;
  const tall = Math.round((WIDE * data.size[1]) / data.size[0]);
  const [top, bottom] = [34 * unit, 58 * unit];
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDE, height: top + tall + bottom });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const picture = document.createElement("canvas");
  Object.assign(picture, { width: WIDE, height: tall });
  board.paintBase(panel, picture.getContext("2d"), WIDE, tall, unit);
  board.paintOver(panel, index, picture.getContext("2d"), WIDE, tall, unit, false);
  context.drawImage(picture, 0, top);
  const write = (text, x, y, size, weight = 400, align = "left") => {
    Object.assign(context, { font: `${weight} ${size * unit}px system-ui, sans-serif`, textAlign: align });
    Object.assign(context, { fillStyle: "#1d2228", textBaseline: "middle" });
    context.fillText(text, x, y, WIDE);
  };
  write(`${panel.title}  ${panel.symbol ?? ""}`, 0, top / 2, 15, 600);
  const line = top + tall + 12 * unit;
  if (panel.kind === "map") {
    const range = board.rangeOf(panel);
    const wide = WIDE - 60 * unit;
    paintBar(context, range, board.paletteOf(range), 0, line - 5 * unit, wide, 10 * unit);
    for (const { at, text } of barTicks(range)) {
      write(text, at * wide, line + 14 * unit, 11, 400, at === 0 ? "left" : at === 1 ? "right" : "center");
    }
    write(panel.unit, WIDE, line, 11, 400, "right");
  }
  write(data.recipe.text, 0, line + 34 * unit, 9);
  canvas.toBlob((blob) => save(`${fileName(data.name, panel.id)}.png`, blob), "image/png");
}
