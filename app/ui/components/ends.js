// Two numbers between which the colours of a board run: kept for every unit, on this page and the next.
import { element } from "./dom.js";

// In the address: "logits~-2~40", one for every unit.
const NUMBER = "-?[0-9]{1,7}(?:\\.[0-9]{1,6})?";
const ONE = `[A-Za-z ]{1,20}~${NUMBER}~${NUMBER}`;
export const FORM = new RegExp(`^${ONE}(?:;${ONE}){0,3}$`);

export function endsOf(text) {
  const each = (text ?? "").split(";").filter(Boolean).map((one) => one.split("~"));
  return Object.fromEntries(each.filter(([, from, to]) => Number(from) < Number(to))
    .map(([unit, from, to]) => [unit, [Number(from), Number(to)]]));
}

export function endsText(ends) {
  const text = Object.entries(ends).map(([unit, pair]) => [unit, ...pair.map((end) => String(Number(end.toFixed(6))))].join("~"));
  return text.length && FORM.test(text.join(";")) ? text.join(";") : null;
}

export class Ends {
  constructor(board, view) {
    Object.assign(this, { board, view });
    this.root = element("span", "ends");
    this.fields = [0, 1].map((place) => {
      const field = element("input");
      Object.assign(field, { type: "number", step: "any", onchange: () => this.take(place) });
      field.setAttribute("aria-label", board.data.words.ends[place]);
      return field;
    });
    this.root.append(this.fields[0], element("span", "", "…"), this.fields[1], element("span", "", this.unit()));
  }

  unit() {
    return this.board.data.panels.find((one) => one.kind === "map")?.unit ?? "";
  }

  // What was typed in; before that, the range that the panels share.
  values() {
    const { from, to } = this.board.sharedRange();
    return this.view.ends[this.unit()] ?? [from, to];
  }

  take(place) {
    const kept = [...this.values()];
    kept[place] = Number(this.fields[place].value);
    if (this.fields[place].value !== "" && kept[0] < kept[1]) this.view.ends[this.unit()] = kept;
    this.board.renewAll();
  }

  show() {
    this.root.hidden = this.view.range !== "fixed";
    if (this.root.hidden) return;
    this.values().forEach((end, place) => {
      this.fields[place].value = String(Number(end.toPrecision(4)));
    });
  }
}
