// The connection to the server: a word while it is lost, and one full run of the page when it is back. A server that
// was started anew knows nothing of the page; the address and the widgets hold what it needs.
import { button, element } from "./dom.js";

const STATE = "data-test-connection-state";
const AWAY_MS = 2000; // shorter breaks pass without a word
const ASK_MS = 3000;
const SETTLED_MS = 150;

// A server that answers and lets nobody in has drawn a new key for its cookies.
async function isClosed() {
  try {
    const answer = await fetch(new URL("healthz", document.baseURI), { cache: "no-store" });
    return answer.ok && Object.keys(await answer.json()).length === 1;
  } catch {
    return false;
  }
}

class Connection {
  constructor(parent) {
    this.note = parent.appendChild(element("div", "connection"));
    this.note.setAttribute("role", "status");
    this.text = this.note.appendChild(element("span"));
    this.enter = this.note.appendChild(button("", () => window.location.reload()));
    this.note.hidden = this.enter.hidden = true;
    this.app = document.querySelector(`[${STATE}]`);
    this.away = false;
    this.observer = new MutationObserver(() => this.look());
    this.observer.observe(this.app, { attributes: true, attributeFilter: [STATE] });
    this.dialogs = new MutationObserver(() => this.dismiss());
    this.dialogs.observe(document.body, { childList: true });
    this.look();
  }

  // Streamlit's own word is a dialog in English that covers the page and asks about the internet.
  dismiss() {
    if (this.away) document.querySelector('body > [data-testid="stDialog"] button')?.click();
  }

  look() {
    const away = this.app.getAttribute(STATE) !== "CONNECTED";
    if (away === this.away) return;
    this.away = away;
    if (away) this.timer = setTimeout(() => this.say(), AWAY_MS);
    else this.back();
  }

  async say() {
    const closed = await isClosed();
    if (!this.away) return;
    this.text.textContent = closed ? this.words.closed : this.words.away;
    this.enter.textContent = this.words.enter;
    this.enter.hidden = !closed;
    this.note.hidden = false;
    this.timer = setTimeout(() => this.say(), ASK_MS);
  }

  back() {
    clearTimeout(this.timer);
    this.note.hidden = true;
    // Where Streamlit asks for a run by itself it has done so by then; a second one would only cost time.
    setTimeout(() => {
      if (!this.away && this.app.getAttribute("data-test-script-state") === "notRunning") this.again();
    }, SETTLED_MS);
  }

  close() {
    clearTimeout(this.timer);
    this.observer.disconnect();
    this.dialogs.disconnect();
  }
}

export default function connection({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaConnection ??= new Connection(parentElement));
  // Scripts of another version than the server's do not understand it; everything that counts is in the address.
  if (mounted.version && mounted.version !== data.version) window.location.reload();
  Object.assign(mounted, { words: data.words, version: data.version, again: () => setTriggerValue("again", true) });
  return () => mounted.close();
}
