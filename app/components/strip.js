// The gallery strip: thumbnails as buttons in named groups, one of them pressed. A press goes to the page's script.
function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function build(strip, data) {
  strip.root.replaceChildren();
  strip.buttons = new Map();
  for (const { name, items } of data.groups) {
    const group = element("section");
    const row = element("div", "row");
    for (const item of items) {
      const button = element("button");
      button.type = "button";
      const picture = element("img");
      Object.assign(picture, { src: item.src, alt: "", draggable: false });
      button.append(picture, element("span", "", item.name));
      button.setAttribute("aria-label", item.alt);
      button.onclick = () => strip.press(item.id);
      strip.buttons.set(item.id, button);
      row.appendChild(button);
    }
    group.append(element("h3", "", name), row);
    strip.root.appendChild(group);
  }
}

function show(strip, selected) {
  strip.buttons.forEach((button, id) => button.setAttribute("aria-pressed", String(id === selected)));
}

export default function strip({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaStrip ??= { root: parentElement.appendChild(element("div", "strip")), signature: "" });
  mounted.root.setAttribute("role", "group");
  mounted.root.setAttribute("aria-label", data.label);
  mounted.press = (id) => {
    show(mounted, id);
    setTriggerValue("picked", id);
  };
  const signature = JSON.stringify(data.groups);
  if (signature !== mounted.signature) {
    mounted.signature = signature;
    build(mounted, data);
  }
  show(mounted, data.selected);
  if (mounted.selected !== data.selected) {
    mounted.selected = data.selected;
    const button = mounted.buttons.get(data.selected);
    const reveal = () => {
      const gap = button.offsetLeft - mounted.root.scrollLeft;
      if (gap < 0 || gap + button.offsetWidth > mounted.root.clientWidth) {
        mounted.root.scrollLeft = button.offsetLeft - 40;
      }
    };
    if (button) requestAnimationFrame(reveal);
  }
}
