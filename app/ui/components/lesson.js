// What one step of the training did: its batch with the answers before and after, the losses, and which parts moved. The
// page's script sends words and numbers; this only lays them out, and keeps the pictures' places while they change.
import { element } from "./dom.js";

function build(parent) {
  const root = parent.appendChild(element("div", "lesson"));
  const head = root.appendChild(element("div", "head"));
  const title = head.appendChild(element("h3"));
  title.setAttribute("aria-live", "polite");
  const facts = head.appendChild(element("span", "facts"));
  const section = (name) => {
    const node = root.appendChild(element("section", name));
    const heading = node.appendChild(element("h4"));
    return { node, heading, body: node.appendChild(element("div", "body")), note: node.appendChild(element("p")) };
  };
  return { root, title, facts, batch: section("batch"), losses: section("losses"), moved: section("moved") };
}

function thumbnail({ src, label, answers }, words) {
  const figure = element("figure");
  const picture = figure.appendChild(element("img"));
  Object.assign(picture, { src, alt: label, draggable: false });
  const caption = figure.appendChild(element("figcaption"));
  const truth = caption.appendChild(element("span", "truth", label));
  truth.title = label;
  answers.forEach(({ text, right }, index) => {
    const line = caption.appendChild(element("span", "answer"));
    line.dataset.right = String(right);
    const mark = line.appendChild(element("i", "", right ? "\u2713" : "\u2715"));
    mark.title = right ? words.right : words.wrong;
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", `${index ? `${words.then} ` : ""}${right ? words.right : words.wrong}`);
    line.appendChild(element("b", "", text)).title = text;
  });
  return figure;
}

function table({ columns, rows, equations }) {
  const node = element("table");
  const head = node.appendChild(element("tr"));
  head.append(...columns.map((text) => element("th", "", text)));
  for (const [name, colour, ...values] of rows) {
    const row = node.appendChild(element("tr"));
    const first = row.appendChild(element("td", "name"));
    first.appendChild(element("i", "swatch")).style.background = colour;
    first.append(name);
    row.append(...values.map((text) => element("td", "", text)));
  }
  return [node, ...equations.map((text) => element("div", "equation", text))];
}

function bar({ name, amount, value, colour }) {
  const row = element("div", "part");
  const track = element("div", "track");
  const fill = track.appendChild(element("div", "fill"));
  Object.assign(fill.style, { width: `${100 * amount}%`, background: colour });
  row.append(element("span", "", name), track, element("span", "value", value));
  return row;
}

export default function lesson({ data, parentElement }) {
  const parts = (parentElement.mvfaLesson ??= build(parentElement));
  const { busy, ...seen } = data;
  parts.facts.textContent = busy ? data.words.on_its_way : data.facts;
  const signature = JSON.stringify(seen);
  if (signature === parts.signature) return;
  parts.signature = signature;
  parts.title.textContent = data.title;
  for (const name of ["batch", "losses", "moved"]) {
    parts[name].heading.textContent = data[name].title;
    parts[name].note.textContent = data[name].note;
  }
  parts.batch.body.tabIndex = 0;
  parts.batch.body.setAttribute("role", "group");
  parts.batch.body.setAttribute("aria-label", data.words.batch);
  parts.batch.body.replaceChildren(...data.batch.pictures.map((one) => thumbnail(one, data.words)));
  parts.losses.body.replaceChildren(...table(data.losses));
  parts.moved.body.replaceChildren(...data.moved.rows.map(bar));
}
