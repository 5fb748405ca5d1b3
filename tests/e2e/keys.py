"""A page as somebody without a pointer has it: Tab, and what has the focus then."""

from __future__ import annotations

from playwright.sync_api import ElementHandle, Page

FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node;
}"""
MOST = 80


def focused(page: Page) -> ElementHandle:
    """What has the focus, inside of shadow roots, too."""
    handle = page.evaluate_handle(FOCUSED).as_element()
    assert handle is not None
    return handle


def tab_to(page: Page, css: str, most: int = MOST) -> ElementHandle:
    """Press Tab until what is asked for has the focus, and see that it shows."""
    for _ in range(most):
        handle = focused(page)
        if handle.evaluate("(node, css) => Boolean(node.matches?.(css))", css):
            assert is_seen(handle), f"the focus on {css} does not show"
            return handle
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {css}")


def is_seen(handle: ElementHandle) -> bool:
    """Whether the focus is drawn around it: an outline of its own that is not hidden."""
    return bool(
        handle.evaluate(
            """(node) => {
              const { outlineStyle, outlineWidth } = getComputedStyle(node);
              return node.matches(":focus-visible") && outlineStyle !== "none" && parseFloat(outlineWidth) >= 1.5;
            }"""
        )
    )
