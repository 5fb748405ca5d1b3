// The gallery strip: thumbnails as buttons in named groups, one of them pressed, or several if `selected` is a list. A
// press goes to the page's script. It also brings the picture that the page is about, for all who show it.
import { button, element, rebuild } from "./dom.js";
import { show as showPicture } from "./shown.js";

function build(strip, data) {
  strip.root.replaceChildren();
  strip.buttons = new Map();
  for (const { name, items } of data.groups) {
    const group = element("section");
    const row = element("div", "row");
    for (const item of items) {
      const thumbnail = button("", () => strip.press(item.id));
      const picture = element("img");
      Object.assign(picture, { src: item.src, alt: "", draggable: false });
      thumbnail.append(picture, element("span", "", item.name));
      thumbnail.setAttribute("aria-label", item.alt);
      thumbnail.disabled = Boolean(data.locked);
      thumbnail.title = data.locked;
      strip.buttons.set(item.id, thumbnail);
      row.appendChild(thumbnail);
    }
    group.append(element("h3", "", name), row);
    strip.root.appendChild(group);
  }
}

const has = (selected, id) => (Array.isArray(selected) ? selected.includes(id) : id === selected);

function toggled(selected, id) {
  if (!Array.isArray(selected)) return id;
  return has(selected, id) ? selected.filter((other) => other !== id) : [...selected, id];
}

function show(strip, selected) {
  strip.buttons.forEach((node, id) => node.setAttribute("aria-pressed", String(has(selected, id))));
}

export default function strip({ data, parentElement, setTriggerValue }) {
  parentElement.mvfaStrip ??= { root: parentElement.appendChild(element("div", "strip")), signature: "" };
  const mounted = parentElement.mvfaStrip;
  mounted.root.setAttribute("role", "group");
  mounted.root.setAttribute("aria-label", data.label);
  mounted.press = (id) => {
    show(mounted, toggled(data.selected, id));
    setTriggerValue("picked", id);
  };
  if (data.shown) showPicture(data.shown);
  const signature = JSON.stringify([data.groups, data.locked]);
  if (signature !== mounted.signature) {
    mounted.signature = signature;
    rebuild(mounted.root, () => build(mounted, data));
  }
  show(mounted, data.selected);
  if (!Array.isArray(data.selected) && mounted.selected !== data.selected) {
    mounted.selected = data.selected;
    const chosen = mounted.buttons.get(data.selected);
    const reveal = () => {
      const gap = chosen.offsetLeft - mounted.root.scrollLeft;
      const hidden = gap < 0 || gap + chosen.offsetWidth > mounted.root.clientWidth;
      if (hidden) mounted.root.scrollLeft = chosen.offsetLeft - 40;
    };
    if (chosen) requestAnimationFrame(reveal);
  }
}
