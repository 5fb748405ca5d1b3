// A slider below a map that chooses which of its frames is shown; the panel takes over the frame's values and words.
import { tell, told } from "./address.js";
import { element } from "./dom.js";

export class Dial {
  constructor(panel, turned) {
    this.turned = turned;
    const asked = panel.frames.findIndex((frame) => frame.name === told("t", /^[0-9.]{1,6}$/));
    this.first = panel.frame;
    this.at = asked < 0 ? panel.frame : asked;
    this.root = element("label", "dial");
    this.slider = element("input");
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", panel.title);
    this.slider.oninput = () => this.turn(Number(this.slider.value));
    this.shown = element("output");
    this.ends = [element("span"), element("span")];
    this.root.append(this.ends[0], this.slider, this.ends[1], this.shown);
    this.follow(panel);
  }

  follow(panel) {
    this.panel = panel;
    this.at = Math.min(this.at, panel.frames.length - 1);
    this.slider.max = panel.frames.length - 1;
    this.ends.forEach((end, index) => { end.textContent = panel.ends[index]; });
    this.show();
  }

  turn(at) {
    this.at = at;
    this.show();
    this.turned();
  }

  publish() {
    tell({ t: this.at === this.first ? null : this.panel.frames[this.at].name });
  }

  show() {
    const frame = this.panel.frames[this.at];
    const { values, rest, alt, label: setting, name: turned } = frame;
    Object.assign(this.panel, { values, rest, alt, setting, turned });
    this.slider.value = String(this.at);
    this.slider.setAttribute("aria-valuetext", frame.label);
    this.shown.textContent = frame.label;
  }
}
