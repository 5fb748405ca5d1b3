// Making elements. Text only ever enters as text, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/**
 * @param {string} text
 * @param {(() => void) | null} press
 */
export function button(text, press, className = "") {
  const node = element("button", className, text);
  node.type = "button";
  node.onclick = press;
  return node;
}

/**
 * Buttons of which one is pressed. `mark(value)` shows which.
 *
 * @template Value
 * @param {[string, Value][]} options
 * @param {(value: Value) => void} press
 */
export function choice(options, press) {
  const group = element("div", "choice");
  group.setAttribute("role", "group");
  const made = options.map(([text, value]) => /** @type {const} */ ([group.appendChild(button(text, () => press(value))), value]));
  const mark = (/** @type {Value} */ chosen) => made.forEach(([node, value]) => node.setAttribute("aria-pressed", String(value === chosen)));
  return { group, mark };
}

/**
 * Builds anew what is inside `root`: the focus stays on what is called the same, and frames where they were scrolled to.
 *
 * @param {HTMLElement} root
 * @param {() => void} build
 */
export function rebuild(root, build) {
  const named = (/** @type {Element} */ node) => `${node.tagName} ${node.getAttribute("aria-label") ?? node.textContent}`;
  const inside = () => [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("a, button, [tabindex]"))];
  const focused = /** @type {Document | ShadowRoot} */ (root.getRootNode()).activeElement;
  const held = focused && root.contains(focused) ? named(focused) : null;
  const places = new Map(inside().map((node) => [named(node), [node.scrollLeft, node.scrollTop]]));
  build();
  inside().forEach((node) => {
    const [left, top] = places.get(named(node)) ?? [0, 0];
    if (left || top) Object.assign(node, { scrollLeft: left, scrollTop: top });
  });
  if (held) inside().find((node) => named(node) === held)?.focus({ preventScroll: true });
}

const TALLEST = 640;

/**
 * The place of a picture keeps the picture's proportions; a strip that stands upright is never taller than a screen.
 *
 * @param {HTMLElement} place
 * @param {[number, number]} size
 */
export function proportion(place, [width, height]) {
  place.style.aspectRatio = `${width} / ${height}`;
  place.style.maxWidth = height > 1.5 * width ? `${Math.round((TALLEST * width) / height)}px` : "";
}

/**
 * "rank {rank}" and { rank: 3 } -> "rank 3"
 *
 * @param {string} words
 * @param {Record<string, unknown>} values
 */
export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
