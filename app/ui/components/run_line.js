// Where a run stands. Built once; afterwards only texts and the length of the bar change. What has changed enough to be
// worth hearing is read out.
import { element } from "./dom.js";

const MOVING = ["starting", "running"];

function build(parent) {
  const root = parent.appendChild(element("div", "line"));
  const head = root.appendChild(element("div", "head"));
  const state = head.appendChild(element("span", "state"));
  const dot = state.appendChild(element("span", "dot"));
  const label = state.appendChild(element("span"));
  const what = head.appendChild(element("span", "what"));
  const track = root.appendChild(element("div", "track"));
  track.setAttribute("role", "progressbar");
  const fill = track.appendChild(element("div", "fill"));
  const note = root.appendChild(element("div", "note"));
  const facts = root.appendChild(element("dl"));
  const said = root.appendChild(element("div", "said"));
  said.setAttribute("role", "status");
  said.setAttribute("aria-live", "polite");
  return { root, dot, label, what, track, fill, note, facts, said, rows: [] };
}

// Touching a text that has not changed would make a screen reader say it again.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function showFacts(parts, facts) {
  if (parts.rows.length !== facts.length) {
    parts.facts.replaceChildren();
    parts.rows = facts.map(() => {
      const pair = parts.facts.appendChild(element("div"));
      return [pair.appendChild(element("dt")), pair.appendChild(element("dd"))];
    });
  }
  facts.forEach(([name, value], index) => {
    const [title, shown] = parts.rows[index];
    write(title, name);
    write(shown, value);
    shown.title = value;
  });
}

export default function runLine({ data, parentElement }) {
  const parts = (parentElement.mvfaRunLine ??= build(parentElement));
  parts.root.style.setProperty("--colour", data.colour);
  parts.root.dataset.state = data.state;
  parts.dot.classList.toggle("still", !MOVING.includes(data.state));
  write(parts.label, data.label);
  write(parts.what, data.what);
  write(parts.note, data.note);
  const percent = Math.round(1000 * data.share) / 10;
  parts.fill.style.width = `${percent}%`;
  parts.track.setAttribute("aria-label", data.words.progress);
  for (const [name, value] of [["valuemin", 0], ["valuemax", 100], ["valuenow", percent]]) {
    parts.track.setAttribute(`aria-${name}`, String(value));
  }
  showFacts(parts, data.facts);
  write(parts.said, data.said);
}
