// Painting on a canvas: the picture, a map over it, anchors, boxes, a colour bar. Nothing here knows the page.
//
// Cells to pixels, everywhere: cell x covers [x*s, (x+1)*s) with s = width / W. An enlarged map has its values at the
// cells' centres and is interpolated between them, so both ways of drawing agree on where a cell lies.

const STEPS_PER_CELL = 24;

export function decodePalette(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export function shortNumber(value, sign = false) {
  if (value === null || !Number.isFinite(value)) return "NaN"; // a sign in every language
  const size = Math.abs(value);
  const small = size < 1e-3 ? size.toExponential(1) : String(Number(size.toPrecision(2)));
  const digits = size === 0 ? "0" : size >= 100 ? size.toFixed(0) : small;
  return (value < 0 ? "−" : sign && value > 0 ? "+" : "") + digits;
}

export function exactNumber(value) {
  const size = Math.abs(value);
  const digits = size === 0 ? "0" : size < 1e-3 ? size.toExponential(2) : size.toPrecision(4);
  return (value < 0 ? "−" : "+") + digits;
}

// The limits of colour: signed values are centred on zero, values of one sign run from the lowest to the highest.
export function colourRange(lists) {
  const finite = lists.flat().filter(Number.isFinite);
  if (!finite.length) return { lo: 0, hi: 1, from: 0, to: 1, signed: false };
  const lo = Math.min(...finite);
  const hi = Math.max(...finite);
  const signed = lo < 0 && hi > 0;
  const end = Math.max(Math.abs(lo), Math.abs(hi)) || 1;
  if (signed) return { lo, hi, from: -end, to: end, signed };
  return { lo, hi, from: lo, to: hi > lo ? hi : lo + 1, signed };
}

// Limits that somebody chose; values beyond them get the colour of the end.
export function fixedRange([lo, hi]) {
  const signed = lo < 0 && hi > 0;
  const end = Math.max(Math.abs(lo), Math.abs(hi));
  return signed ? { lo, hi, from: -end, to: end, signed } : { lo, hi, from: lo, to: hi, signed };
}

function place(value, range) {
  return Math.max(0, Math.min(255, Math.round((255 * (value - range.from)) / (range.to - range.from))));
}

// Signed maps thin out towards zero, where there is no evidence to show: the picture stays visible there. The colour bar
// thins out in the same way.
function cover(value, range) {
  return range.signed ? Math.min(1, (1.6 * Math.abs(value)) / range.to) : 1;
}

// Where the values between `count` cells come from when each cell is `step` pixels wide: the cell before, the cell after
// and the share of the latter, for every pixel.
function between(count, step) {
  const [before, after, share] = [new Int32Array(count * step), new Int32Array(count * step), new Float64Array(count * step)];
  for (let pixel = 0; pixel < count * step; pixel += 1) {
    const at = Math.max(0, Math.min(count - 1, (pixel + 0.5) / step - 0.5));
    before[pixel] = Math.floor(at);
    after[pixel] = Math.min(count - 1, before[pixel] + 1);
    share[pixel] = at - before[pixel];
  }
  return { before, after, share };
}

// The rows of a map stretched to the full width; between two of them every row of the picture lies.
function stretched(values, rows, columns, { before, after, share }) {
  const wide = share.length;
  const lines = new Float64Array(rows * wide);
  for (let row = 0; row < rows; row += 1) {
    for (let x = 0; x < wide; x += 1) {
      const left = values[row * columns + before[x]];
      lines[row * wide + x] = left + (values[row * columns + after[x]] - left) * share[x];
    }
  }
  return lines;
}

// A map as a small canvas of its own: one pixel a cell, or many with the values (not the colours) interpolated.
export function heatCanvas(values, [rows, columns], range, palette, smooth) {
  const step = smooth ? STEPS_PER_CELL : 1;
  const canvas = document.createElement("canvas");
  canvas.width = columns * step;
  canvas.height = rows * step;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const [across, down] = [between(columns, step), between(rows, step)];
  const lines = stretched(values, rows, columns, across);
  let offset = 0;
  for (let y = 0; y < canvas.height; y += 1) {
    const [above, below, share] = [down.before[y] * canvas.width, down.after[y] * canvas.width, down.share[y]];
    for (let x = 0; x < canvas.width; x += 1) {
      const value = lines[above + x] + (lines[below + x] - lines[above + x]) * share;
      const entry = 3 * place(value, range);
      image.data[offset] = palette[entry];
      image.data[offset + 1] = palette[entry + 1];
      image.data[offset + 2] = palette[entry + 2];
      image.data[offset + 3] = Math.round(255 * cover(value, range));
      offset += 4;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

export function paintPicture(context, picture, width, height, veil = 0) {
  context.clearRect(0, 0, width, height);
  if (!picture) return;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  if (veil > 0) {
    context.fillStyle = `rgba(12, 15, 18, ${veil})`;
    context.fillRect(0, 0, width, height);
  }
}

export function paintHeat(context, heat, width, height, opacity, smooth) {
  context.save();
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = smooth;
  context.drawImage(heat, 0, 0, width, height);
  context.restore();
}

// Dots of one colour that shrink with their rank; or, with `colours` and `letters` for each, dots of one size.
export function paintAnchors(context, { cells, colour, colours, letters }, [rows, columns], width, height) {
  const stepX = width / columns;
  const stepY = height / rows;
  const cell = Math.max(Math.min(stepX, stepY), Math.min(7, Math.max(stepX, stepY))); // seen in flat cells, too
  context.save();
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let rank = cells.length - 1; rank >= 0; rank -= 1) {
    const faded = cells.length > 1 && !colours ? rank / (cells.length - 1) : 0;
    const [x, y] = [(cells[rank][0] + 0.5) * stepX, (cells[rank][1] + 0.5) * stepY];
    context.globalAlpha = 1 - 0.45 * faded;
    context.beginPath();
    context.arc(x, y, cell * (0.44 - 0.27 * faded), 0, 2 * Math.PI);
    context.fillStyle = colours ? colours[rank] : colour;
    context.fill();
    context.lineWidth = Math.max(1, cell / 18);
    context.strokeStyle = "rgba(12, 15, 18, 0.75)";
    context.stroke();
    if (!letters) continue;
    context.font = `600 ${cell * (letters[rank].length > 2 ? 0.36 : 0.46)}px system-ui, sans-serif`;
    context.fillStyle = "#0c0f12";
    context.fillText(letters[rank], x, y + cell * 0.03, cell * 0.8);
  }
  context.restore();
}

// Dark lines get a light rim and light ones a dark rim, so that every box can be seen on any picture.
function rim(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return 0.3 * red + 0.59 * green + 0.11 * blue < 110 ? "rgba(255, 255, 255, 0.8)" : "rgba(12, 15, 18, 0.7)";
}

export function paintBoxes(context, boxes, scale, unit, chosen = -1) {
  context.save();
  context.lineJoin = "miter";
  const order = boxes.map((_, index) => index).reverse();
  if (chosen >= 0) order.push(chosen);
  for (const index of order) {
    const [x0, y0, x1, y1] = boxes[index].px.map((value) => value * scale);
    const wide = index === chosen ? 3.5 : 2.25;
    const inset = (wide / 2 + 1) * unit;
    const edge = [x0 + inset, y0 + inset, x1 - x0 - 2 * inset, y1 - y0 - 2 * inset];
    context.globalAlpha = chosen >= 0 && index !== chosen ? 0.35 : 1;
    context.lineWidth = (wide + 2) * unit;
    context.strokeStyle = rim(boxes[index].colour);
    context.strokeRect(...edge);
    context.lineWidth = wide * unit;
    context.strokeStyle = boxes[index].colour;
    context.strokeRect(...edge);
  }
  context.restore();
}

// What a region saw: dark outside of a dashed line. At the edge of the picture the line stays inside it.
export function paintOutline(context, { seen, colour }, scale, unit, width, height) {
  const [x0, y0, x1, y1] = seen.map((value) => value * scale);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.rect(x0, y0, x1 - x0, y1 - y0);
  context.fillStyle = "rgba(12, 15, 18, 0.5)";
  context.fill("evenodd");
  const inset = 1.5 * unit;
  const edge = [x0 + inset, y0 + inset, x1 - x0 - 2 * inset, y1 - y0 - 2 * inset];
  context.lineWidth = 3.5 * unit;
  context.strokeStyle = rim(colour);
  context.strokeRect(...edge);
  context.lineWidth = 2 * unit;
  context.setLineDash([7 * unit, 5 * unit]);
  context.strokeStyle = colour;
  context.strokeRect(...edge);
  context.restore();
}

export function paintTag(context, text, x, y, unit, width, height) {
  context.save();
  context.font = `600 ${12 * unit}px system-ui, sans-serif`;
  const wide = context.measureText(text).width + 10 * unit;
  const tall = 19 * unit;
  const left = Math.max(0, Math.min(x, width - wide));
  const top = Math.max(0, Math.min(y, height - tall));
  context.fillStyle = "rgba(12, 15, 18, 0.86)";
  context.fillRect(left, top, wide, tall);
  context.fillStyle = "#ffffff";
  context.textBaseline = "middle";
  context.fillText(text, left + 5 * unit, top + tall / 2 + 0.5 * unit);
  context.restore();
}

export function paintCell(context, [x, y], [rows, columns], width, height, unit, dashed) {
  const stepX = width / columns;
  const stepY = height / rows;
  context.save();
  for (const [wide, colour] of [[4, "rgba(12, 15, 18, 0.8)"], [2, "#ffffff"]]) {
    context.lineWidth = wide * unit;
    context.strokeStyle = colour;
    context.setLineDash(dashed && wide === 2 ? [4 * unit, 3 * unit] : []);
    context.strokeRect(x * stepX, y * stepY, stepX, stepY);
  }
  context.restore();
}

// Boxes of cells, corners inclusive, that a number elsewhere on the page is made of.
export function paintLit(context, boxes, [rows, columns], width, height, unit) {
  const stepX = width / columns;
  const stepY = height / rows;
  context.save();
  for (const [wide, colour] of [[5, "rgba(12, 15, 18, 0.75)"], [2.5, "#ffd166"]]) {
    context.lineWidth = wide * unit;
    context.strokeStyle = colour;
    for (const [x0, y0, x1, y1] of boxes) {
      const edge = 2 * unit;
      context.strokeRect(
        x0 * stepX + edge, y0 * stepY + edge, (x1 - x0 + 1) * stepX - 2 * edge, (y1 - y0 + 1) * stepY - 2 * edge,
      );
    }
  }
  context.restore();
}

// A colour bar shows the part of the palette that the values use.
export function paintBar(context, range, palette, x, y, width, height) {
  const strip = document.createElement("canvas");
  strip.width = 256;
  strip.height = 1;
  const inner = strip.getContext("2d");
  const image = inner.createImageData(256, 1);
  for (let index = 0; index < 256; index += 1) {
    const value = range.lo + ((range.hi - range.lo || 1) * index) / 255;
    const entry = 3 * place(value, range);
    image.data.set([palette[entry], palette[entry + 1], palette[entry + 2], 255 * cover(value, range)], 4 * index);
  }
  inner.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(strip, x, y, width, height);
}

export function barTicks(range) {
  const span = range.hi - range.lo;
  const ticks = [{ at: 0, text: shortNumber(range.lo) }];
  const zero = span > 0 ? -range.lo / span : -1;
  if (zero > 0.15 && zero < 0.85) ticks.push({ at: zero, text: "0" });
  if (span > 0) ticks.push({ at: 1, text: shortNumber(range.hi) });
  return ticks;
}
