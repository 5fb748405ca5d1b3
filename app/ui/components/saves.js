// A line of buttons below a chart, one for every kind of file that it can be saved as.
import { button, element, fill } from "./dom.js";

// `words` is said of every button, with {title} and {kind}; `makers` has what each kind does when pressed.
export function saveLine(words, title, makers) {
  const line = element("div", "saves");
  for (const [kind, press] of Object.entries(makers)) {
    const made = line.appendChild(button(kind, press));
    made.setAttribute("aria-label", fill(words, { title, kind }));
  }
  return line;
}
