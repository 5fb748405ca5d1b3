// The steps of the lesson: which pictures, equations, sliders and bars belong to each, from the facts that the server
// sent and from what the visitor has chosen. Nothing is drawn here.
//
// `ui` is the choice: cell [x, y], channel, cls, label, taken, size, view, n, scale (places in the lists of the facts).
// A number of an equation may name its cells: `lit` maps it to boxes (x0, y0, x1, y1) in cells, corners inclusive.
import { fill } from "./dom.js";
import { shown } from "./math.js";

const LETTERS = "ABCD";
export const percent = (share) => (share < 0.0005 ? "< 0.1 %" : share >= 0.9995 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`);

const index = ({ grid }, [x, y]) => y * grid[1] + x;
const whole = ({ grid }) => [[0, 0, grid[1] - 1, grid[0] - 1]];
const single = ([x, y]) => [[x, y, x, y]];
const pixels = ({ size, grid }, [x0, y0, x1, y1]) => {
  const [stepX, stepY] = [size[0] / grid[1], size[1] / grid[0]];
  return [x0 * stepX, y0 * stepY, (x1 + 1) * stepX, (y1 + 1) * stepY];
};
export const short = (name) => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

// One view by its place among all, surest first: its cell, size, box and rank as an anchor.
export function viewAt(data, place) {
  const { views } = data.facts;
  const m = views.ranked[place];
  const rank = Math.floor(m / views.sizes.length);
  const size = m % views.sizes.length;
  const cell = views.order[rank];
  return { m, rank, size, cell, r: views.sizes[size], box: views.boxes[index(data, cell)][size] };
}

// Up to four views of which one is surest by far enough to be told apart: none where they all look alike.
export function candidates(data) {
  const { views, place } = data.facts;
  const count = views.ranked.length;
  const wanted = [0, Math.round(count / 3), Math.round((2 * count) / 3), count - 1];
  const chosen = [];
  for (const at of wanted) {
    const one = { ...viewAt(data, at), at };
    one.share = Math.exp(-views.loss[one.m][place]);
    if (!chosen.some((other) => other.box.join() === one.box.join())) chosen.push(one);
  }
  chosen.sort((a, b) => a.m - b.m);
  return chosen.map((one, place_) => ({ ...one, letter: LETTERS[place_] }));
}

function map(data, id, title, values, unit, options = {}) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rest = `${shown(low)} … ${shown(high)} ${unit}`;
  return { id, kind: "map", title, unit, values, rest, sharp: true, alt: `${title}: ${rest}`, ...options };
}

function boxes(data, id, title, list, options = {}) {
  return { id, kind: "boxes", title, boxes: list, single: true, rest: "", alt: title, ...options };
}

function box(data, corners, { colour, rank, name, value = "", label, tag }) {
  return { px: pixels(data, corners), rank, name, value, colour, tag: tag ?? (value ? `${name}  ${value}` : name), label: label ?? name };
}

function dots(data, cells, options = {}) {
  const { words, facts, colours } = data;
  const values = cells.map((cell) => facts.A[index(data, cell)]);
  return {
    id: "anchors", kind: "anchors", title: words.anchors, cells, values, colour: colours.anchor,
    rest: fill(words.taken_value, { n: cells.length, k: facts.views.k }), alt: words.anchors, ...options,
  };
}

const slider = (id, label, max, text, options = {}) => ({ id, label, min: 0, max, text, ...options });
const channelSlider = (data, ui) => slider("channel", data.words.channel, data.facts.channels.length - 1,
  fill(data.words.channel_value, { d: data.facts.channels[ui.channel] }));
const classSlider = (data, ui, id = "cls", label = data.words.class) => slider(id, label, data.facts.names.length - 1,
  short(data.facts.names[ui[id]]));
const viewSlider = (data, ui) => {
  const { m, cell: [x, y], r } = viewAt(data, ui.view);
  const values = { n: ui.view + 1, m: data.facts.views.ranked.length, x, y, r, i: m + 1 };
  return slider("view", data.words.view, data.facts.views.ranked.length - 1, fill(data.words.view_value, values));
};

function classBars(data, shares, chosen, colour) {
  return shares.map((share, place) => (
    { name: short(data.facts.names[place]), share, text: percent(share), colour, chosen: place === chosen, place }
  ));
}

const problem = {
  picture: ({ scale }, ui) => ({ picture: scale.pictures[ui.scale], size: scale.size }),
  panels: (data, ui) => {
    const { scale, words } = data;
    const [x0, y0, x1, y1] = scale.boxes[ui.scale];
    const name = fill(words.scene_title, { name: scale.name, percent: (100 * scale.scales[ui.scale]).toFixed(0) });
    const object = { px: [x0, y0, x1, y1], rank: 1, name: words.object, value: "", colour: "#d55e00", tag: words.object, label: words.object };
    return [boxes(data, "scene", name, [object], { plain: true, still: true })];
  },
  sliders: ({ scale, words }, ui) => [slider("scale", words.scale, scale.scales.length - 1,
    fill(words.scale_value, { percent: (100 * scale.scales[ui.scale]).toFixed(0) }))],
  lines: ({ scale, words }, ui) => [
    { tex: `\\text{${words.eq_whole}} = @whole`, values: { whole: scale.whole[ui.scale] } },
    { tex: `\\text{${words.eq_views}} = @views`, values: { views: scale.views[ui.scale] } },
    { tex: `\\text{${words.eq_gap}} = @gap`, values: { gap: scale.gap[ui.scale] } },
    { tex: `\\text{${words.eq_mfa}} = @mfa`, values: { mfa: scale.mfa[ui.scale] } },
  ],
  chart: ({ scale, words, colours }, ui) => ({
    slider: "scale", at: ui.scale, x: scale.scales.map((value) => 100 * value), xLabel: words.scale_axis,
    yLabel: fill(words.sure_axis, { name: scale.name }),
    series: [
      { name: words.gap_line, values: scale.gap, colour: colours.gap, dash: "7 4", says: scale.gap_says[ui.scale] },
      { name: words.mfa_line, values: scale.mfa, colour: colours.mfa, dash: "", says: scale.mfa_says[ui.scale] },
    ],
    note: [["gap_line", "gap_says"], ["mfa_line", "mfa_says"]].map(([line, says]) => (
      fill(words.says, { model: words[line], name: scale[says][ui.scale] }))).join(" · "),
  }),
};

const attentionMap = (data, options = {}) => map(data, "attention", data.words.attention, data.facts.A, data.words.logits, { symbol: "A", ...options });

const guess = {
  ask: "guess",
  panels: (data, ui) => (ui.guessed ? [attentionMap(data)] : [{
    id: "picture", kind: "picture", title: data.words.picture, rest: data.words.picture_rest, alt: data.words.picture,
  }]),
  lines: (data, ui) => (ui.guessed ? [{
    tex: "A(@x,@y) = @A", values: { x: ui.cell[0], y: ui.cell[1], A: data.facts.A[index(data, ui.cell)] },
    lit: { A: single(ui.cell) },
  }] : []),
};

const features = {
  panels: (data, ui) => [map(data, "channel", fill(data.words.feature_title, { d: data.facts.channels[ui.channel] }),
    data.facts.F[ui.channel], data.words.unit)],
  sliders: (data, ui) => [channelSlider(data, ui)],
  cell: true,
  lines: (data, ui) => {
    const { facts, grid } = data;
    const cells = grid[0] * grid[1];
    const u = facts.u[ui.channel];
    const d = facts.channels[ui.channel];
    return [
      { tex: "F : D \\times H \\times W = @D \\times @H \\times @W", values: { D: facts.D, H: grid[0], W: grid[1] } },
      {
        tex: "F_d (@x,@y) = @F", lit: { F: single(ui.cell) },
        values: { x: ui.cell[0], y: ui.cell[1], F: facts.F[ui.channel][index(data, ui.cell)] },
      },
      {
        tex: "u_d = \\frac{1}{H W} \\sum_{x,y} F_d (x,y) = \\frac{@sum}{@N} = @u",
        values: { sum: u * cells, N: cells, u, d }, lit: { sum: whole(data), N: whole(data), u: whole(data) },
      },
    ];
  },
};

const maps = {
  panels: (data, ui) => {
    const { facts, words } = data;
    const title = fill(words.class_title, { name: short(facts.names[facts.place]) });
    return [map(data, "target", title, facts.G[facts.place], words.logits)];
  },
  cell: true,
  lines: (data, ui) => {
    const { facts } = data;
    const at = index(data, ui.cell);
    const G = facts.G[facts.place][at];
    const [x, y] = ui.cell;
    const lit = Object.fromEntries(["G", "F0", "F1", "F2", "rest"].map((name) => [name, single(ui.cell)]));
    if (!facts.term) return [{ tex: "G_c (@x,@y) = \\MLP (F(@x,@y)) = @G", values: { x, y, G }, lit }];
    const values = { x, y, G, b: facts.bias };
    const parts = facts.term[at].map((channel, q) => {
      Object.assign(values, { [`w${q}`]: facts.weight[at][q], [`F${q}`]: facts.feature[at][q], [`d${q}`]: channel });
      return `@w${q} \\cdot @F${q}`;
    });
    if (facts.D > parts.length) {
      values.rest = facts.term_rest[at];
      parts.push("@rest");
    }
    return [
      { tex: "G_c (x,y) = \\sum_d w_{c,d} F_d (x,y) + b_c", values: {} },
      { tex: `G_c (@x,@y) = ${parts.join(" + ")} + @b`, values, lit },
      { tex: "= @G", values, lit },
    ];
  },
};

const belief = {
  panels: (data, ui) => [map(data, "target", fill(data.words.class_title, { name: short(data.facts.names[ui.cls]) }),
    data.facts.G[ui.cls], data.words.logits)],
  sliders: (data, ui) => [classSlider(data, ui)],
  bars: (data, ui) => ({ rows: classBars(data, data.facts.f, ui.cls, data.colours.auxiliary), slider: "cls" }),
  lines: (data, ui) => {
    const { facts, grid } = data;
    const cells = grid[0] * grid[1];
    const z = facts.z[ui.cls];
    const first = facts.z.slice(0, 3);
    const values = { z, sum: z * cells, N: cells, f: facts.f[ui.cls] };
    first.forEach((value, place) => { values[`z${place}`] = value; });
    const under = first.map((_, place) => `e^{@z${place}}`).join(" + ") + (facts.classes > 3 ? " + \\dots" : "");
    return [
      { tex: "z_c = \\frac{1}{H W} \\sum_{x,y} G_c (x,y) = \\frac{@sum}{@N} = @z", values, lit: { sum: whole(data), N: whole(data), z: whole(data) } },
      { tex: `f_c = \\frac{e^{z_c}}{\\sum_i e^{z_i}} = \\frac{e^{@z}}{${under}}`, values },
      { tex: "= @f", values, lit: { f: whole(data) } },
    ];
  },
};

const attention = {
  panels: (data, ui) => [attentionMap(data)],
  cell: true,
  lines: (data, ui) => {
    const { facts } = data;
    const at = index(data, ui.cell);
    const A = facts.A[at];
    const values = { x: ui.cell[0], y: ui.cell[1], A };
    const lit = { A: single(ui.cell), rest: single(ui.cell) };
    const count = Math.min(3, facts.names.length);
    const parts = [];
    for (let place = 0; place < count; place += 1) {
      Object.assign(values, { [`f${place}`]: facts.f[place], [`G${place}`]: facts.G[place][at] });
      lit[`G${place}`] = single(ui.cell);
      lit[`f${place}`] = whole(data);
      parts.push(`@f${place} \\cdot @G${place}`);
    }
    if (facts.classes > count) {
      values.rest = facts.A_rest[at];
      parts.push("@rest");
    }
    return [
      { tex: "A = \\sum_{i=1}^{C} f_i G_i", values: {} },
      { tex: `A(@x,@y) = ${parts.join(" + ")}`, values, lit },
      { tex: "= @A", values, lit },
    ];
  },
};

const cam = {
  panels: (data, ui) => {
    const { facts, words } = data;
    const name = short(facts.names[facts.place]);
    const less = facts.G[facts.place].map((value) => value - facts.cam.bias);
    const [title, values] = [
      [words.cam_plus, less], [words.cam, facts.cam.map], [words.cam_less, facts.cam.left],
    ][ui.shown];
    return [map(data, "cam", fill(title, { name }), values, words.logits)];
  },
  sliders: ({ words }, ui) => [slider("shown", words.shown, 2, [words.shown_g, words.shown_cam, words.shown_less][ui.shown])],
  cell: true,
  lines: (data, ui) => {
    const { facts } = data;
    const at = index(data, ui.cell);
    const lit = { G: single(ui.cell), CAM: single(ui.cell), most: whole(data), conv: whole(data), fc: whole(data) };
    const values = {
      x: ui.cell[0], y: ui.cell[1], G: facts.G[facts.place][at], b: facts.cam.bias, CAM: facts.cam.map[at],
      difference: facts.G[facts.place][at] - facts.cam.bias,
    };
    return [
      { tex: "G_c (@x,@y) - b_c = @G - @b = @difference", values, lit },
      { tex: "\\text{CAM}_c (@x,@y) = \\sum_d w_{c,d} F_d = @CAM", values, lit },
      { tex: "\\max_{x,y} | G_c - b_c - \\text{CAM}_c | = @most", values: facts.cam, lit },
      { tex: "\\frac{1}{H W} \\sum_{x,y} G_c = @conv", values: facts.cam, lit },
      { tex: "w_c \\cdot \\GAP (F) + b_c = @fc", values: facts.cam, lit },
    ];
  },
};

const anchors = {
  panels: (data, ui) => [attentionMap(data, { cells: data.facts.views.order.slice(0, ui.taken + 1), colour: data.colours.anchor })],
  sliders: (data, ui) => [slider("taken", data.words.taken, data.facts.views.k - 1,
    fill(data.words.taken_value, { n: ui.taken + 1, k: data.facts.views.k }))],
  lines: (data, ui) => {
    const { facts } = data;
    const { order, rule } = facts.views;
    const n = ui.taken + 1;
    const values = { n };
    const lit = {};
    const name = (i) => {
      values[`A${i}`] = facts.A[index(data, order[i])];
      [values[`x${i}`], values[`y${i}`]] = order[i];
      lit[`A${i}`] = single(order[i]);
      return `@A${i}`;
    };
    const places = n <= 4 ? [...Array(n).keys()] : [0, 1, 2, n - 1];
    const gap = n > 4;
    const parts = places.map(name);
    if (gap) parts.splice(3, 0, "\\dots");
    const cells = places.map((i) => `(@x${i},@y${i})`);
    if (gap) cells.splice(3, 0, "\\dots");
    const lines = [];
    if (rule === "adacam" || rule === "label") {
      if (n < order.length) parts.push(name(n));
      lines.push({ tex: "A(x_1,y_1) \\ge A(x_2,y_2) \\ge \\dots \\ge A(x_{HW},y_{HW})", values: {} });
      lines.push({ tex: parts.join(" \\ge "), values, lit });
    }
    lines.push({ tex: `V = \\{ ${cells.join(", ")} \\}`, values, lit });
    lines.push({ tex: "| V | = @n", values, lit: { n: order.slice(0, n).map(([x, y]) => [x, y, x, y]) } });
    return lines;
  },
};

const regions = {
  panels: (data, ui) => {
    const { facts, words, colours } = data;
    const at = index(data, ui.cell);
    const [x, y] = ui.cell;
    const list = facts.views.sizes.map((r, i) => box(data, facts.views.boxes[at][i], {
      colour: colours.sizes[i], rank: i + 1, name: fill(words.box_name, { r }), label: fill(words.box_label, { r, x, y }),
    }));
    return [boxes(data, "regions", fill(words.regions, { x, y }), list, { listless: true, chosen: ui.size })];
  },
  sliders: (data, ui) => {
    const { words, facts: { views } } = data;
    const rank = views.order.slice(0, views.k).findIndex(([x, y]) => x === ui.cell[0] && y === ui.cell[1]);
    const said = rank < 0 ? words.no_anchor_value : words.anchor_value;
    return [
      slider("anchor", words.anchor, views.k - 1, fill(said, { n: rank + 1, k: views.k, x: ui.cell[0], y: ui.cell[1] }),
        { value: Math.max(0, rank) }),
      slider("size", words.size, views.sizes.length - 1, fill(words.box_name, { r: views.sizes[ui.size] })),
    ];
  },
  cell: true,
  border: true,
  lines: (data, ui) => {
    const { facts: { views }, grid: [H, W], words } = data;
    const [x, y] = ui.cell;
    const r = views.sizes[ui.size];
    const [x0, y0, x1, y1] = views.boxes[index(data, ui.cell)][ui.size];
    const cells = (x1 - x0 + 1) * (y1 - y0 + 1);
    const values = { x, y, r, h: (r - 1) / 2, right: W - 1, bottom: H - 1, x0, y0, x1, y1, cells };
    const lit = Object.fromEntries(["x0", "y0", "x1", "y1"].map((name) => [name, [[x0, y0, x1, y1]]]));
    return [
      { tex: "h = (@r - 1) / 2 = @h", values },
      { tex: "x_{tl} = \\max (x - h, 0) = \\max (@x - @h, 0) = @x0", values, lit },
      { tex: "y_{tl} = \\max (y - h, 0) = \\max (@y - @h, 0) = @y0", values, lit },
      { tex: "x_{br} = \\min (x + h, W - 1) = \\min (@x + @h, @right) = @x1", values, lit },
      { tex: "y_{br} = \\min (y + h, H - 1) = \\min (@y + @h, @bottom) = @y1", values, lit,
        note: fill(cells < r * r ? words.clamped : words.whole, { cells, all: r * r }) },
    ];
  },
};

const views = {
  panels: (data, ui) => {
    const { facts, words, colours } = data;
    const view = viewAt(data, ui.view);
    const [x, y] = view.cell;
    const drawn = box(data, view.box, {
      colour: colours.sizes[view.size], rank: 1, name: fill(words.box_name, view), label: fill(words.box_label, { r: view.r, x, y }),
    });
    return [map(data, "channel", fill(words.view_title, { d: facts.channels[ui.channel] }), facts.F[ui.channel], words.unit, { boxes: [drawn], listless: true })];
  },
  sliders: (data, ui) => [viewSlider(data, ui), channelSlider(data, ui)],
  lines: (data, ui) => {
    const { facts, words } = data;
    const { m, box: corners } = viewAt(data, ui.view);
    const [x0, y0, x1, y1] = corners;
    const count = (x1 - x0 + 1) * (y1 - y0 + 1);
    const a = facts.views.pooled[m][ui.channel];
    const values = { a, sum: a * count, count, u: facts.u[ui.channel], i: m + 1 };
    const lit = { a: [corners], sum: [corners], count: [corners], u: whole(data) };
    return [
      { tex: `a_{i,d} = \\frac{1}{n} \\sum_{(x,y) \\in \\text{${words.eq_region} } i} F_d (x,y)`, values: {} },
      { tex: "a_{@i,d} = \\frac{@sum}{@count} = @a", values, lit },
      { tex: "u_d = @u", values, lit, note: words.eq_compare },
    ];
  },
};

const votes = {
  ask: "winner",
  panels: (data, ui) => {
    const { facts, words, colours } = data;
    if (!ui.winner && candidates(data).length > 1) {
      return [boxes(data, "candidates", words.candidates, candidates(data).map((one) => box(data, one.box, {
        colour: colours.sizes[one.size], rank: one.letter, name: fill(words.box_name, one), tag: fill(words.view_letter, one),
        label: `${fill(words.view_letter, one)}: ${fill(words.box_label, { r: one.r, x: one.cell[0], y: one.cell[1] })}`,
      })), { tags: true })];
    }
    const view = viewAt(data, ui.view);
    const share = Math.exp(-facts.views.loss[view.m][facts.place]);
    return [boxes(data, "view", words.votes, [box(data, view.box, {
      colour: colours.sizes[view.size], rank: 1, name: fill(words.box_name, view), value: percent(share),
      label: fill(words.box_label, { r: view.r, x: view.cell[0], y: view.cell[1] }),
    })])];
  },
  sliders: (data, ui) => (ui.winner || candidates(data).length < 2 ? [viewSlider(data, ui)] : []),
  bars: (data, ui) => {
    if (!ui.winner && candidates(data).length > 1) return null;
    const { m } = viewAt(data, ui.view);
    const shares = data.facts.views.loss[m].map((loss) => Math.exp(-loss));
    return { rows: classBars(data, shares, data.facts.place, data.colours.main) };
  },
  lines: (data, ui) => {
    const { facts } = data;
    if (!ui.winner && candidates(data).length > 1) return [];
    const { m, box: corners } = viewAt(data, ui.view);
    const g = facts.views.logits[m][facts.place];
    const b = facts.views.bias?.[facts.place];
    const loss = facts.views.loss[m][facts.place];
    const values = { i: m + 1, g, b, dot: b === undefined ? 0 : g - b, s: Math.exp(-loss), loss };
    const lit = Object.fromEntries(["g", "dot", "s", "loss"].map((name) => [name, [corners]]));
    const others = facts.views.logits[m].map((_, t) => t).filter((t) => t !== facts.place)
      .sort((one, two) => facts.views.logits[m][two] - facts.views.logits[m][one]).slice(0, 2);
    others.forEach((t, place) => { values[`g${place}`] = facts.views.logits[m][t]; });
    const under = ["@g", ...others.map((_, place) => `@g${place}`)].map((name) => `e^{${name}}`).join(" + ");
    const more = facts.classes > others.length + 1 ? " + \\dots" : "";
    const first = b === undefined
      ? { tex: "g_{@i,c} = \\MLP (a_{@i}) = @g", values, lit }
      : { tex: "g_{@i,c} = w_c \\cdot a_{@i} + b_c = @dot + @b = @g", values, lit };
    return [
      first,
      { tex: `s_{@i,c} = \\frac{e^{g_{i,c}}}{\\sum_k e^{g_{i,k}}} = \\frac{e^{@g}}{${under}${more}}`, values, lit },
      { tex: "= @s", values, lit },
      { tex: "- \\log s_{@i,c} = @loss", values, lit },
    ];
  },
};

const losses = {
  panels: (data, ui) => {
    const { facts, words, colours } = data;
    if (!facts.views) return [map(data, "target", fill(words.class_title, { name: short(facts.names[ui.label]) }), facts.G[ui.label], words.logits)];
    const cost = (m) => facts.views.loss[m][ui.label];
    const dearest = facts.views.ranked.map((m, place) => [cost(m), place]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 5);
    return [boxes(data, "costly", words.costly, dearest.map(([value, place], rank) => {
      const view = viewAt(data, place);
      return box(data, view.box, {
        colour: colours.sizes[view.size], rank: rank + 1, name: fill(words.box_name, view),
        value: fill(words.loss_value, { value: shown(value) }),
        label: fill(words.box_label, { r: view.r, x: view.cell[0], y: view.cell[1] }),
      });
    }))];
  },
  sliders: (data, ui) => [classSlider(data, ui, "label", data.words.label)],
  lines: (data, ui) => {
    const { facts } = data;
    if (!facts.views) {
      const loss = facts.loss[ui.label];
      return [{ tex: "L = - \\log s_y = - \\log @s = @L", values: { s: Math.exp(-loss), L: loss }, lit: { s: whole(data), L: whole(data) } }];
    }
    const { loss, sizes, order, boxes: all, global: Lg, local: Ll } = facts.views;
    const count = loss.length;
    const values = { M: count, f: facts.f[ui.label], Lg: Lg[ui.label], Ll: Ll[ui.label], Lt: Lg[ui.label] + Ll[ui.label] };
    const lit = { Lg: whole(data), f: whole(data) };
    const name = (m) => {
      values[`l${m}`] = loss[m][ui.label];
      lit[`l${m}`] = [all[index(data, order[Math.floor(m / sizes.length)])][m % sizes.length]];
      return `@l${m}`;
    };
    const parts = count <= 4 ? [...Array(count).keys()].map(name) : [name(0), name(1), name(2), "\\dots", name(count - 1)];
    return [
      { tex: "L_{global} = - \\log f_y = - \\log @f = @Lg", values, lit },
      { tex: `L_{local} = \\sum_{i=1}^{@M} - \\log s_{i,y} = ${parts.join(" + ")}`, values, lit },
      { tex: "= @Ll", values },
      { tex: "L_{total} = @Lg + @Ll = @Lt", values, lit },
    ];
  },
};

const ensemble = {
  ask: "k",
  panels: (data, ui) => {
    const n = ui.kAnswered ? ui.n + 1 : data.facts.views.k;
    return [dots(data, data.facts.views.order.slice(0, n), { rest: fill(data.words.k_value, { n, m: n * data.facts.views.sizes.length }) })];
  },
  sliders: (data, ui) => {
    if (!ui.kAnswered) return [];
    const { order, sizes } = data.facts.views;
    return [slider("n", data.words.k, order.length - 1, fill(data.words.k_value, { n: ui.n + 1, m: (ui.n + 1) * sizes.length }))];
  },
  lines: (data, ui) => {
    const { facts } = data;
    const { sums, answers, sizes, k, order, boxes: all } = facts.views;
    const n = ui.kAnswered ? ui.n + 1 : k;
    const row = sums[n - 1];
    const sorted = row.map((value, t) => t).sort((a, b) => row[b] - row[a]).slice(0, 3);
    const boxesOf = order.slice(0, n).flatMap((cell) => all[index(data, cell)]);
    const values = { M: n * sizes.length, answer: answers[n - 1], share: facts.views.path[n - 1][facts.place] };
    const lit = { M: boxesOf };
    const lines = sorted.map((t, place) => {
      Object.assign(values, { [`S${place}`]: row[t], [`c${place}`]: short(facts.names[t]) });
      lit[`S${place}`] = boxesOf;
      return { tex: `\\sum_{i=1}^{@M} g_{i, @c${place}} = @S${place}`, values, lit };
    });
    return [{ tex: "p = \\argmax_c \\sum_{i=1}^{K R} g_{i,c}", values: {} }, ...lines, { tex: "p = @answer", values }];
  },
  chart: (data, ui) => {
    if (!ui.kAnswered) return null;
    const { facts, words, colours } = data;
    const last = facts.views.path.length - 1;
    const best = (t) => Math.max(...facts.views.path.map((row) => row[t]));
    const told = facts.names.map((_, t) => t).sort((a, b) => best(b) - best(a)).slice(0, 4);
    return {
      slider: "n", at: ui.n, x: facts.views.path.map((_, n) => n + 1), xLabel: words.k_axis, yLabel: words.share_axis, mark: facts.views.k,
      series: told.map((t, place) => ({
        name: short(facts.names[t]), values: facts.views.path.map((row) => row[t]), colour: colours.classes[place],
        dash: ["", "7 4", "2 4", "9 3 2 3"][place],
      })),
      note: "", last,
    };
  },
};

const test = { ask: "quiz", panels: (data) => [attentionMap(data)], lines: () => [] };

export const STEPS = { problem, guess, features, maps, belief, attention, cam, anchors, regions, views, votes, losses, ensemble, test };

export function fresh(data) {
  const { facts, grid, scale } = data;
  const best = facts.rank.indexOf(1);
  return {
    cell: [best % grid[1], Math.floor(best / grid[1])], shown: 0, channel: 0, cls: facts.place, label: facts.label,
    taken: (facts.views?.k ?? 1) - 1, size: 0, view: 0, n: (facts.views?.k ?? 1) - 1,
    scale: scale ? scale.scales.findIndex((value) => value >= 0.185) : 0,
    guessed: false, guess: null, winner: null, kAnswered: null, quiz: {},
  };
}

// The first cell by attention whose largest region the border cuts, or any corner.
export function atBorder(data) {
  const { views } = data.facts;
  const largest = views.sizes.indexOf(Math.max(...views.sizes));
  const cut = ([x, y]) => {
    const [x0, y0, x1, y1] = views.boxes[index(data, [x, y])][largest];
    return (x1 - x0 + 1) * (y1 - y0 + 1) < views.sizes[largest] ** 2;
  };
  return { cell: views.order.find(cut) ?? [0, 0], size: largest };
}

export function score(data, cell) {
  const at = index(data, cell);
  const { facts } = data;
  const cells = facts.A.length;
  const rank = facts.rank[at];
  const percentile = cells > 1 ? Math.round((100 * (cells - rank)) / (cells - 1)) : 100;
  const best = facts.rank.indexOf(1);
  return {
    x: cell[0], y: cell[1], A: shown(facts.A[at]), rank, cells, below: cells - rank, others: cells - 1, percentile,
    best: { x: best % data.grid[1], y: Math.floor(best / data.grid[1]), A: shown(facts.A[best]) },
  };
}
