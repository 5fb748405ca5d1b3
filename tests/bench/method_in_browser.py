"""`python -m tests.bench.method_in_browser`: how long the method takes in a browser while a control moves.

A drawn feature map of 14 x 14 cells, four region sizes, for 10 and for 1,000 classes. Every gesture is a drag: one call
of `explain` after the other with the next value, timed in the page by its own clock. Beside it Python's
`explain_encoding` on the same inputs, at half of the cells as anchors.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import statistics
import time
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import PAPER_SIZES, Classifier
from mvfa_core.web.payload import payload_of
from tests.conftest import find_browser
from tests.mvfa_core.web import drawn
from tests.mvfa_core.web.conftest import Method

FRAME_MS = 1000 / 60
GRID, CELLS = (14, 14), 196

# Every gesture once through on a payload that nothing was asked about, then as often as rounds are left: what the first
# frames cost is among the figures.
GESTURES = """
async ([base64, rounds]) => {
  const mfa = await import("/mfa.js");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
  const fresh = () => mfa.decode(bytes);
  const times = {};
  const timed = (name, work) => {
    const start = performance.now();
    const answer = work();
    (times[name] ??= []).push(performance.now() - start);
    return answer;
  };
  const sizes = [3, 5, 7, 9];
  const kept = [sizes, [3], [3, 5], [3, 5, 7], [1, 3, 5, 7], [5, 7, 9, 11]];
  for (let round = 0; round < rounds; round += 1) {
    const payload = timed("bytes to payload", fresh);
    timed("first answer, K = 98", () => mfa.explain(payload, { k: 98, sizes }));
    const again = fresh();
    for (let k = 1; k <= 196; k += 1) timed("drag K from 1 to 196", () => mfa.explain(again, { k, sizes }));
    for (let k = 196; k >= 1; k -= 1) timed("drag K back", () => mfa.explain(again, { k, sizes }));
    const classes = again.classes;
    for (let i = 0; i < 50; i += 1) {
      timed("another class", () => mfa.explain(again, { k: 98, sizes, classIndex: (i * 37) % classes }));
    }
    const other = fresh();
    for (let i = 0; i < 30; i += 1) {
      timed("other sizes", () => mfa.explain(other, { k: 98, sizes: kept[i % kept.length] }));
    }
    for (let i = 1; i <= 50; i += 1) {
      timed("temperature", () => mfa.explain(other, { k: 98, sizes, temperature: i / 10 }));
    }
    for (const rule of ["probability-mean", "majority"]) {
      const by = fresh();
      for (let k = 1; k <= 196; k += 5) timed(`drag K, ${rule}`, () => mfa.explain(by, { k, sizes, rule }));
    }
    for (let i = 0; i < 50; i += 1) {
      timed("overlaps hidden", () => mfa.explain(other, { k: 98 + i, sizes, hideOverlaps: true }));
    }
    const asked = fresh();
    for (let k = 1; k <= 196; k += 5) timed("drag K, winners of anchors", () => mfa.anchorWinners(asked, { k, sizes }));
    for (let k = 1; k <= 196; k += 5) timed("drag K, agreement", () => mfa.agreement(asked, { k, sizes }));
    for (let i = 0; i < 50; i += 1) timed("a cell", () => mfa.cellStory(other, [i % 14, (i * 3) % 14]));
    for (let i = 0; i < 50; i += 1) timed("a rectangle", () => mfa.rectangle(other, [i % 7, 0, 7 + (i % 7), 9]));
  }
  return JSON.stringify(times);
}
"""


def model_of(classes: int) -> tuple[Classifier, Encoding]:
    """A model without a backbone and a feature map of noise."""
    torch.manual_seed(0)
    model = drawn.classifier(classes)
    return model, Encoding(torch.randn(1, drawn.D, *GRID), (224, 224))


def python_ms(model: Classifier, encoding: Encoding, rounds: int) -> float:
    """Median milliseconds of Python's whole explanation at K = 98."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        explain_encoding(model, encoding, k=CELLS // 2, sizes=PAPER_SIZES).top(10)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def measured(page: Page, classes: int, rounds: int) -> dict:
    """Milliseconds of every gesture, and of Python."""
    model, encoding = model_of(classes)
    part = payload_of(model, encoding, k=CELLS // 2, sizes=PAPER_SIZES).to_bytes()
    Method(page)
    times = json.loads(page.evaluate(GESTURES, [base64.b64encode(part).decode(), rounds]))
    rows = []
    for name, all_ms in times.items():
        ordered = sorted(all_ms)
        rows.append(
            {
                "gesture": name,
                "calls": len(ordered),
                "median_ms": statistics.median(ordered),
                "p95_ms": ordered[int(0.95 * (len(ordered) - 1))],
                "most_ms": ordered[-1],
            }
        )
    return {"classes": classes, "kilobytes": len(part) / 1000, "python_ms": python_ms(model, encoding, 9), "rows": rows}


def machine(version: str) -> str:
    """Processor, cores and browser."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Chromium {version}"


def show(result: dict) -> None:
    print(f"\n{result['classes']:,} classes: payload {result['kilobytes']:,.0f} kB")
    print(f"{'':28}{'calls':>7}{'median':>10}{'95 %':>10}{'most':>10}{'of a frame':>12}{'of Python':>11}")
    for row in result["rows"]:
        figures = "".join(f"{row[name]:>7.2f} ms" for name in ("median_ms", "p95_ms", "most_ms"))
        frame, python = row["median_ms"] / FRAME_MS, row["median_ms"] / result["python_ms"]
        print(f"{row['gesture']:28}{row['calls']:>7}{figures}{frame:>12.3f}{python:>11.3f}")
    print(f"{'Python, K = 98':28}{'':>7}{result['python_ms']:>7.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.method_in_browser", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often every gesture is made (5)")
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 1000], help="of the models (10 1000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        results = [measured(browser.new_page(), classes, options.rounds) for classes in options.classes]
        told = machine(browser.version)
        browser.close()
    if options.json:
        print(json.dumps({"machine": told, "results": results}))
        return
    print(told)
    for result in results:
        show(result)


if __name__ == "__main__":
    main()
