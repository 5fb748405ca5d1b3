// Sharing: the whole address to the clipboard, and a dialog with the link, its code for a class room, what it holds, and
// how it is embedded. The server only draws the code.
import { wholeAddress } from "./address.js";
import { button, element, fill } from "./dom.js";

const QUIET_MS = 2500;
const LATER_MS = 300;
const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

// Where the page may not use the clipboard (plain http on a local network), an old command may still do.
async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.value = text;
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

class Share {
  constructor(parent) {
    this.root = parent.appendChild(element("div", "share"));
    this.state = { holds: {}, ask: [], embed: false };
  }

  update(data, setTrigger) {
    Object.assign(this, { data, setTrigger });
    document.documentElement.lang = data.language; // for screen readers and the browser's own dictionary
    if (data.embedded) return;
    const signature = JSON.stringify([data.words, data.controls, data.questions, data.languages]);
    if (signature !== this.signature) this.build(signature);
    if (this.languages) this.languages.value = data.language;
    if (this.dialog.open) this.show();
  }

  build(signature) {
    this.signature = signature;
    const { words } = this.data;
    this.copies = button(words.copy, () => this.take());
    this.said = element("span", "said");
    this.said.setAttribute("role", "status");
    const opens = button(words.share, () => this.open());
    opens.setAttribute("aria-haspopup", "dialog");
    this.dialog = element("dialog");
    this.dialog.setAttribute("aria-label", words.title);
    this.dialog.append(this.buildHead(), this.buildLink(), this.buildBody());
    const bar = element("div", "bar");
    bar.append(this.said, ...this.buildLanguages(), this.copies, opens);
    this.root.replaceChildren(bar, this.dialog);
  }

  buildLanguages() {
    const { words, languages } = this.data;
    this.languages = null;
    if (languages.length < 2) return [];
    this.languages = element("select", "languages");
    this.languages.setAttribute("aria-label", words.language);
    this.languages.title = words.language;
    languages.forEach(({ id, name }) => {
      const option = element("option", "", name);
      Object.assign(option, { value: id, lang: id });
      this.languages.appendChild(option);
    });
    this.languages.onchange = () => this.setTrigger("language", this.languages.value);
    return [this.languages];
  }

  buildHead() {
    const { words } = this.data;
    const head = element("div", "head");
    head.append(element("h2", "", words.title), button(words.close, () => this.dialog.close(), "quiet"));
    return head;
  }

  buildLink() {
    const { words } = this.data;
    const part = element("div", "link");
    this.field = element("input");
    Object.assign(this.field, { type: "text", readOnly: true });
    this.field.setAttribute("aria-label", words.link);
    this.field.onfocus = () => this.field.select();
    this.copyField = button(words.copy, () => this.take());
    part.append(this.field, this.copyField);
    this.notes = element("div", "notes");
    const all = element("div");
    all.append(part, this.notes);
    return all;
  }

  buildBody() {
    const { words } = this.data;
    const body = element("div", "body");
    const code = element("section");
    this.picture = element("img");
    this.picture.alt = words.qr_alt;
    this.wait = element("p", "wait", words.qr_wait);
    const stage = element("div", "code");
    stage.append(this.picture, this.wait);
    this.large = button(words.large, () => this.picture.requestFullscreen?.().catch(() => {}));
    code.append(element("h3", "", words.qr), stage, this.large);
    const teaching = element("section");
    teaching.append(element("h3", "", words.teacher), this.buildHolds(), ...this.buildQuestions(), this.buildEmbed());
    body.append(code, teaching);
    return body;
  }

  buildHolds() {
    const { words, controls } = this.data;
    const part = element("details");
    const rows = element("div", "holds");
    controls.forEach(({ id, title, ways }) => {
      const label = element("label");
      const choice = element("select");
      ways.forEach((way) => {
        const option = element("option", "", words[way]);
        option.value = way;
        choice.appendChild(option);
      });
      choice.setAttribute("aria-label", title);
      choice.value = this.state.holds[id] ?? "free";
      choice.onchange = () => {
        this.state.holds[id] = choice.value;
        this.show();
      };
      label.append(element("span", "", title), choice);
      rows.appendChild(label);
    });
    part.append(element("summary", "", words.holds), rows, element("p", "", words.holds_note));
    return part;
  }

  buildQuestions() {
    const { words, questions } = this.data;
    if (!questions.length) return [];
    const part = element("fieldset");
    part.appendChild(element("legend", "", words.ask));
    questions.forEach(({ id, title }) => {
      part.appendChild(this.check(title, this.state.ask.includes(id), (on) => {
        this.state.ask = questions.map((one) => one.id).filter((one) => (one === id ? on : this.state.ask.includes(one)));
      }));
    });
    part.appendChild(element("p", "", words.ask_note));
    return [part];
  }

  buildEmbed() {
    const { words } = this.data;
    const part = element("div", "embed");
    part.append(this.check(words.embed, this.state.embed, (on) => { this.state.embed = on; }));
    this.frame = element("textarea");
    Object.assign(this.frame, { readOnly: true, rows: 3 });
    this.frame.setAttribute("aria-label", words.embed);
    this.frame.onfocus = () => this.frame.select();
    this.embedNote = element("p", "", words.embed_note);
    part.append(this.frame, this.embedNote);
    return part;
  }

  check(title, on, change) {
    const label = element("label", "check");
    const box = element("input");
    Object.assign(box, { type: "checkbox", checked: on });
    box.onchange = () => {
      change(box.checked);
      this.show();
    };
    label.append(box, element("span", "", title));
    return label;
  }

  // --- the link ---

  link() {
    const address = wholeAddress();
    const { holds, ask, embed } = this.state;
    const named = (way) => Object.keys(holds).filter((id) => holds[id] === way).join(",");
    const said = { lock: named("locked"), hide: named("hidden"), ask: ask.join(","), embed: embed ? "true" : "" };
    Object.entries(said).forEach(([name, value]) => value && address.searchParams.set(name, value));
    // Commas and slashes need no escape in a query, and a link that can be read is easier to trust.
    return address.href.replaceAll("%2C", ",").replaceAll("%2F", "/");
  }

  open() {
    this.dialog.showModal();
    this.show();
  }

  show() {
    const { words, own, code } = this.data;
    const link = this.link();
    this.field.value = link;
    const { hostname, host } = new URL(link);
    const notes = own.map((name) => words[`own_${name}`]);
    if (HERE.test(hostname)) notes.unshift(fill(words.local, { host }));
    this.notes.replaceChildren(...notes.map((note) => element("p", "", note)));
    this.frame.hidden = this.embedNote.hidden = !this.state.embed;
    this.frame.value = `<iframe src="${link.replaceAll("&", "&amp;")}" width="100%" height="900" title="MFA"></iframe>`;
    const drawn = code?.link === link;
    this.picture.hidden = !drawn || !code.src;
    this.large.disabled = this.picture.hidden;
    if (drawn && code.src) this.picture.src = code.src;
    this.wait.hidden = !this.picture.hidden;
    this.wait.textContent = drawn ? words.qr_none : words.qr_wait;
    clearTimeout(this.later);
    if (!drawn) this.later = setTimeout(() => this.setTrigger("link", link), LATER_MS);
  }

  async take() {
    const { words } = this.data;
    const link = this.link();
    const done = await copy(link, this.field);
    if (!done && !this.dialog.open) this.open();
    if (!done) this.field.select();
    const text = done ? words.copied : words.refused;
    this.said.textContent = text;
    this.copyField.textContent = done ? words.copied : words.copy;
    if (!done) this.notes.prepend(element("p", "", words.refused));
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => {
      this.said.textContent = "";
      this.copyField.textContent = words.copy;
    }, QUIET_MS);
  }
}

export default function share({ data, parentElement, setTriggerValue }) {
  const mounted = (parentElement.mvfaShare ??= new Share(parentElement));
  mounted.update(data, setTriggerValue);
}
