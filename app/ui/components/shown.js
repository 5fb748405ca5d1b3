// The picture of the page. It is sent once, with the gallery strip; boards and the rectangle ask for it by its name
// here, so that a change of K does not carry it over again, and it is decoded once for all of them.
const EVENT = "mvfa-shown";
const MOST = 6;
const pictures = (window.mvfaShown ??= new Map());

export function show({ id, src }) {
  if (pictures.has(id)) return;
  const picture = new Image();
  pictures.set(id, picture);
  if (pictures.size > MOST) pictures.delete(pictures.keys().next().value);
  picture.onload = () => window.dispatchEvent(new CustomEvent(EVENT, { detail: id }));
  picture.src = src;
}

function ready(id) {
  const picture = pictures.get(id);
  return picture?.complete && picture.naturalWidth ? picture : null;
}

// One follower a component: `follow(id)` calls `drawn` with the picture of that name, now or when it has come. A picture
// that no other component shows may come as a data URL in place of a name.
export class Shown {
  constructor(drawn) {
    this.drawn = drawn;
    this.id = null;
    this.listener = ({ detail }) => this.look(detail);
    window.addEventListener(EVENT, this.listener);
  }

  close() {
    window.removeEventListener(EVENT, this.listener);
  }

  follow(id) {
    if (id === this.id) return;
    this.id = id;
    if (id.startsWith("data:")) this.load(id);
    else this.look(id);
  }

  load(source) {
    const picture = new Image();
    picture.onload = () => {
      if (this.id === source) this.drawn(picture);
    };
    picture.src = source;
  }

  look(id) {
    const picture = id === this.id ? ready(id) : null;
    if (picture) this.drawn(picture);
  }
}
