// A picture from the clipboard, pasted anywhere on the page. Text that is pasted into a field is left alone.
import { element } from "./dom.js";

function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

class Paste {
  constructor(parent) {
    this.note = parent.appendChild(element("p", "note"));
    this.note.setAttribute("aria-live", "polite");
    this.listener = (event) => this.take(event);
    window.addEventListener("paste", this.listener);
  }

  async take(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    // not every browser has a type for every kind of picture; what is none is told by its reader
    const file = files.find(({ type }) => type.startsWith("image/")) ?? files[0];
    if (!file) return;
    event.preventDefault();
    if (file.size > this.data.most) {
      this.note.textContent = this.data.words.large;
      return;
    }
    this.note.textContent = this.data.words.reading;
    this.tell(await read(file));
    this.note.textContent = this.data.words.hint;
  }

  close() {
    window.removeEventListener("paste", this.listener);
  }
}

export default function paste({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaPaste ??= new Paste(parentElement));
  Object.assign(mounted, { data, tell: (address) => setTriggerValue("pasted", address) });
  mounted.note.textContent = data.words.hint;
  return () => mounted.close();
}
