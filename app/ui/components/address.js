// The part of the view that only the browser knows, in the address: how maps are coloured, where a dial or a film
// stands. The server keeps what it finds there; it is told nothing when it changes.
const PUBLISH = "mvfa-address-publish";

// What the address says under a name, if it has the form that is expected; null otherwise.
export function told(name, form) {
  const values = new URLSearchParams(window.location.search).getAll(name);
  return values.length === 1 && form.test(values[0]) ? values[0] : null;
}

// { name: value } into the address; null takes a name out. A little later, because browsers limit how often that may
// happen and sliders move quickly. page.js keeps what was said of a page when the server writes its address anew.
const LATER_MS = 250;
const said = (window.mvfaSaid ??= { page: null, values: {} });
let waiting = {};
let timer = null;

function write() {
  clearTimeout(timer);
  timer = null;
  const address = new URL(window.location.href);
  if (said.page === address.pathname) { // else the page has been left meanwhile
    Object.assign(said.values, waiting);
    Object.entries(waiting).forEach(([name, value]) => {
      if (value === null) address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    });
  }
  waiting = {};
  if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
}

export function tell(values) {
  if (said.page !== window.location.pathname) {
    Object.assign(said, { page: window.location.pathname, values: {} });
    waiting = {};
  }
  Object.assign(waiting, values);
  timer ??= setTimeout(write, LATER_MS);
}

// Calls `publish` whenever somebody is about to read the address; returns what ends that.
export function onPublish(publish) {
  window.addEventListener(PUBLISH, publish);
  return () => window.removeEventListener(PUBLISH, publish);
}

// The whole address, when everything on the page has had its say.
export function wholeAddress() {
  window.dispatchEvent(new CustomEvent(PUBLISH));
  write();
  return new URL(window.location.href);
}
