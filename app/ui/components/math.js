// Equations in the browser's own mathematics (MathML), from a small part of TeX. Numbers of the lesson come in by name:
// `@f` is replaced by the value called f and can be pointed at. An equation is cut into pieces at its signs, so that it
// wraps on a narrow screen.
const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const SIGNS = {
  cdot: "·", times: "×", ge: "≥", le: "≤", in: "∈", dots: "…", to: "→", gamma: "γ", approx: "≈", lVert: "‖",
};
const NAMES = new Set(["max", "min", "log", "arg", "softmax", "GAP", "MLP"]);
const BREAKS = new Set(["=", "+", "≥", "≈", "→"]);
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// Four significant digits, a true minus sign, and powers of ten for what is very small.
export function shown(value) {
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return "NaN"; // a sign in every language
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size < 1e-3) {
    const [mantissa, exponent] = size.toExponential(2).split("e");
    const raised = [...String(Number(exponent))].map((letter) => SUPERSCRIPT[letter]).join("");
    return `${sign}${mantissa} × 10${raised}`;
  }
  return sign + (size >= 1000 ? size.toFixed(1) : size.toPrecision(4));
}

function node(tag, text) {
  const made = document.createElementNS(NAMESPACE, tag);
  if (text !== undefined) made.textContent = text;
  return made;
}

function tokens(source) {
  return source.match(/@\w+|\\text\{[^}]*\}|\\[a-zA-Z]+|\\[{}]|\d+|\S/g) ?? [];
}

class Reader {
  constructor(source, number) {
    this.list = tokens(source);
    this.at = 0;
    this.number = number;
    this.before = "";
  }

  group() {
    const row = node("mrow");
    this.at += 1; // {
    while (this.at < this.list.length && this.list[this.at] !== "}") row.appendChild(this.scripted());
    this.at += 1; // }
    return row;
  }

  argument() {
    return this.list[this.at] === "{" ? this.group() : this.atom();
  }

  scripted() {
    const base = this.atom();
    const wide = base.dataset?.wide;
    let [below, above] = [null, null];
    while (this.list[this.at] === "_" || this.list[this.at] === "^") {
      const low = this.list[this.at] === "_";
      this.at += 1;
      if (low) below = this.argument();
      else above = this.argument();
    }
    if (!below && !above) return base;
    const kind = wide ? ["munder", "mover", "munderover"] : ["msub", "msup", "msubsup"];
    const made = node(kind[below && above ? 2 : below ? 0 : 1]);
    if (wide) made.setAttribute("displaystyle", "false"); // limits beside the sign: below it they touch it in some fonts
    made.append(base, ...[below, above].filter(Boolean));
    return made;
  }

  atom() {
    const token = this.list[this.at];
    this.at += 1;
    const made = this.read(token);
    this.before = token;
    return made;
  }

  read(token) {
    if (token.startsWith("@")) return this.number(token.slice(1), "+·×−-".includes(SIGNS[this.before.slice(1)] ?? this.before));
    if (token.startsWith("\\text{")) return node("mtext", token.slice(6, -1));
    if (token === "\\frac") {
      const made = node("mfrac");
      made.append(this.argument(), this.argument());
      return made;
    }
    if (token === "\\sum" || token === "\\argmax") {
      const made = token === "\\sum" ? node("mo", "∑") : node("mi", "arg max");
      if (token !== "\\sum") made.setAttribute("class", "name");
      made.dataset.wide = "true";
      return made;
    }
    if (token === "\\{" || token === "\\}") return node("mo", token[1]);
    if (token.startsWith("\\")) {
      const name = token.slice(1);
      if (!NAMES.has(name)) return node("mo", SIGNS[name] ?? name);
      const made = node("mi", name);
      made.setAttribute("class", "name");
      return made;
    }
    if (/^\d/.test(token)) return node("mn", token);
    return /[a-zA-Z]/.test(token) ? node("mi", token) : node("mo", token === "-" ? "−" : token);
  }
}

// One equation as a line of pieces. `values` gives what stands for every @name; `point(name)` makes a number that can be
// pointed at, or leaves it alone.
export function equation(source, values, point) {
  const line = document.createElement("div");
  line.className = "equation";
  const number = (name, inner) => {
    const value = values[name];
    const text = shown(value ?? "?");
    const made = node(typeof value === "string" ? "mtext" : "mn", text);
    made.setAttribute("class", "number");
    made.setAttribute("data-number", name);
    point(made, name, text);
    if (!inner || !text.startsWith("−")) return made;
    const row = node("mrow");
    row.append(node("mo", "("), made, node("mo", ")"));
    return row;
  };
  const reader = new Reader(source, number);
  let piece = null;
  let depth = 0;
  const start = () => {
    piece = line.appendChild(node("math"));
    piece.setAttribute("displaystyle", "true"); // fractions in full size: this is read from the back of a room
  };
  start();
  while (reader.at < reader.list.length) {
    const token = reader.list[reader.at];
    const sign = SIGNS[token.slice(1)] ?? token;
    if (depth === 0 && BREAKS.has(sign) && piece.childNodes.length) start();
    if ("([".includes(token) || token === "\\{") depth += 1;
    if (")]".includes(token) || token === "\\}") depth -= 1;
    const made = reader.scripted();
    // a row of its own is what a bracket and what is inside need; a sign at the start of a piece keeps its spaces
    if (made.localName === "mo" && BREAKS.has(made.textContent)) {
      made.setAttribute("form", "infix");
      made.setAttribute("lspace", "0.28em");
      made.setAttribute("rspace", "0.28em");
    }
    piece.appendChild(made);
  }
  return line;
}
