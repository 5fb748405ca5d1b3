"""Our own furniture: components whose scripts and styles lie beside this file.

The script sent with every message is one line that imports the real one from the server's own address, so the browser
fetches it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from mvfa_core import web

HERE = Path(__file__).parent
METHOD = Path(web.__file__).parent
"""The method in the browser, which components import as `../web/mfa.js`."""
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY_ADDRESS = f"vendor/plotly.min.js?v={plotly.__version__}"
"""Where the browser finds it, below the address of the app."""

# A browser never asks again for a module that once failed to load, hence another address after every failure. While the
# server is away it is asked for again and again; a server that is there and has no such file fails after a few tries.
# Streamlit ends what a call returned when the component goes, and also, at once, when the next call overtook it while
# the module was on its way; then the component is still on the page and lives on.
_LOADER = """const STATE = "data-test-connection-state";
let script;
let failures = 0;

const isAway = () => document.querySelector(`[${STATE}]`)?.getAttribute(STATE) !== "CONNECTED";

async function load() {
  const address = new URL("components/%s.js", document.baseURI).href;
  for (let tries = 1; ; tries += isAway() ? 0 : 1) {
    try {
      return await import(address + (failures ? `?${failures}` : ""));
    } catch (error) {
      failures += 1;
      if (tries > 3) throw error;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

export default async function (component) {
  script ??= load().catch((error) => {
    script = undefined;
    throw error;
  });
  const close = await (await script).default(component);
  return () => component.parentElement.isConnected || close?.();
}
"""


def component(name: str, *, isolate: bool = True, styles: Sequence[str] = ()) -> Callable[..., Any]:
    """The component `name` of this folder: `name.js` with a default export, and `name.css` after those of `styles`,
    the components that it has inside.

    Those that show tables get `tables.css` with it.
    """
    parts = (*styles, name)
    style = "\n".join((HERE / f"{one}.css").read_text(encoding="utf-8") for one in parts)
    if any("./tables.js" in (HERE / f"{one}.js").read_text(encoding="utf-8") for one in parts):
        style += (HERE / "tables.css").read_text(encoding="utf-8")
    return st.components.v2.component(f"mvfa_{name}", css=style, js=_LOADER % name, isolate_styles=isolate)


@cache
def version() -> str:
    """A name for all scripts and styles together: another one, another version of the app."""
    told = hashlib.blake2b(digest_size=8)
    for path in sorted((*HERE.glob("*.js"), *HERE.glob("*.css"), *METHOD.glob("*.js"))):
        told.update(path.name.encode() + path.read_bytes())
    return told.hexdigest()
