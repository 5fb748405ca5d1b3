// Pages of small pictures: each opens its picture where the choice above them says. A plain press goes to the page's
// script; the address is there for a new tab.
import { tell, told } from "./address.js";
import { button, choice, element, fill, rebuild } from "./dom.js";

const view = (window.mvfaPicturesView ??= { page: told("open", /^(anchors|views)$/) });
const grids = new Set(); // all on this page open their pictures in the same place

function tile(grid, item) {
  const { data } = grid;
  const link = element("a", `tile ${item.tone}`);
  const stage = link.appendChild(element("span", "stage"));
  const fitted = stage.appendChild(element("span", "fitted"));
  const picture = element("img");
  Object.assign(picture, { src: item.src, alt: item.alt, loading: "lazy", draggable: false });
  fitted.appendChild(picture);
  if (item.box) {
    const [x0, y0, x1, y1] = item.box.map((share) => 100 * share);
    const box = fitted.appendChild(element("i", "box"));
    Object.assign(box.style, { left: `${x0}%`, top: `${y0}%`, width: `${x1 - x0}%`, height: `${y1 - y0}%` });
    box.style.borderColor = item.colour;
  }
  const text = link.appendChild(element("span", "text"));
  text.append(...item.lines.map((line, place) => element("span", place ? "small" : "first", line)));
  const where = () => data.pages.find(({ id }) => id === view.page);
  const point = () => {
    link.href = new URL(where().address + item.query, document.baseURI).href;
  };
  link.onclick = (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    grid.open({ id: item.id, page: view.page });
  };
  point();
  grid.points.push(point);
  return link;
}

function tools(grid) {
  const { data } = grid;
  const row = element("div", "tools");
  row.appendChild(element("span", "count", data.words.count));
  const ways = choice(data.pages.map(({ id, title }) => [title, id]), (id) => {
    view.page = id;
    tell({ open: id === data.pages[0].id ? null : id });
    grids.forEach((one) => (one.root.isConnected ? one.renew() : grids.delete(one)));
  });
  grid.renew = () => {
    ways.mark(view.page);
    grid.points.forEach((point) => point());
  };
  ways.mark(view.page);
  ways.group.setAttribute("aria-label", data.words.open);
  const label = element("span", "label", data.words.open);
  row.append(label, ways.group);
  return row;
}

function pager(grid) {
  const { page, last, words } = grid.data;
  const row = element("div", "pager");
  const turn = (name, to, off) => {
    const node = button(words[name], () => grid.turn(to));
    node.disabled = off;
    return node;
  };
  const shown = element("span", "", fill(words.page, { page: page + 1, last: last + 1 }));
  row.append(turn("previous", page - 1, page <= 0), shown, turn("next", page + 1, page >= last));
  return row;
}

export default function pictures({ data, parentElement, setTriggerValue }) {
  const grid = (parentElement.mvfaPictures ??= { root: parentElement.appendChild(element("section")) });
  view.page ??= data.pages[0].id;
  grids.add(grid);
  grid.data = data;
  grid.open = (what) => setTriggerValue("open", what);
  grid.turn = (to) => setTriggerValue("page", to);
  grid.root.setAttribute("aria-label", data.label);
  const signature = JSON.stringify(data);
  if (signature === grid.signature) return;
  grid.signature = signature;
  grid.points = [];
  const body = element("div", "grid");
  body.append(...data.items.map((item) => tile(grid, item)));
  const parts = [tools(grid), data.items.length ? body : element("p", "none", data.words.none)];
  if (data.last > 0) parts.push(pager(grid));
  rebuild(grid.root, () => grid.root.replaceChildren(...parts));
}
