// A table whose columns sort, by pointer and by keyboard; the order stays in the browser.
import { element } from "./dom.js";
import { table } from "./tables.js";

export default function sorted({ data, parentElement }) {
  const mounted = (parentElement.mvfaSorted ??= { root: parentElement.appendChild(element("div", "mvfa-tables sorted")) });
  const signature = JSON.stringify(data);
  if (signature === mounted.signature) return;
  mounted.signature = signature;
  mounted.root.replaceChildren(table(data.caption, data.head, data.rows, { sorted: true }));
}
