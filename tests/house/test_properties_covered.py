"""Nothing public is left out of the properties: read from the sources, every function and every class that computes or
parses is named in a property, or stands below with the reason why it is not.

A property is a test under `@given`; what its helpers in the same module name counts as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

NOT_DRAWN: dict[str, tuple[str, ...]] = {
    "draws on a page; AppTest and the journeys look at it": ("app.features.*", "app.ui.*"),
    "keeps in a cache what a property draws from the library, or keeps what visitors bring": ("app.services.*",),
    "knows the session or the server that asks": (
        "app.base.errors.*", "app.base.i18n.*", "app.base.link_locks.show", "app.base.component_values.file*",
        "app.base.visitors.*", "app.base.page_rate.*",
    ),
    "marks a message and hands it back as it was": ("mvfa_core.i18n.N_", "mvfa_core.i18n.NC_"),
    "drawn from its signature by test_every_sentence": ("app.base.wording.wording*",),
    "starts, stops or looks at processes": (
        "app.server.asgi.lifespan", "app.server.command.main", "app.server.memory.*", "app.server.health.*",
        "app.server.warm_up.*",
        "mvfa_core.processes.stand_back", "mvfa_core.processes.start_apart", "mvfa_core.processes.use_threads",
        "mvfa_core.processes.leave_a_core",
        "mvfa_core.processes.end_with_all", "mvfa_core.processes.memory_of",
        "mvfa_core.processes.hand_back_memory", "mvfa_core.processes.glibc",
        "mvfa_core.jobs.launch.*",
        "mvfa_core.training.launch.*", "mvfa_core.training.workers.start_workers", "mvfa_core.training.parallel.join",
        "mvfa_core.training.gpus.own_gpu",
        "mvfa_core.training.shared_norm.*", "mvfa_core.training.estimate.Size", "mvfa_core.training.estimate.begin",
        "mvfa_core.training.estimate.estimate", "mvfa_core.evaluation.launch.*", "mvfa_core.experiments.on_ray.*",
        "mvfa_core.experiments.work.ending", "mvfa_core.experiments.work.measure_rule",
        "mvfa_core.experiments.work.train_cells",
    ),
    "trains, or takes part in a training; engine, work, film and pace have tests that train": (
        "mvfa_core.training.engine.Trainer", "mvfa_core.training.work.resume", "mvfa_core.training.work.train",
        "mvfa_core.training.evaluation_mode.unchanged", "mvfa_core.training.saving.card_of",
        "mvfa_core.training.saving.expect_state", "mvfa_core.training.saving.restore",
        "mvfa_core.training.saving.save", "mvfa_core.training.attention_history.AttentionHistory",
        "mvfa_core.training.step_control.StepController", "mvfa_core.training.step_report.*",
        "mvfa_core.training.recorders.close",
        "mvfa_core.training.recorders.recorders", "mvfa_core.training.loggers.*",
        "mvfa_core.training.measured.measure", "mvfa_core.training.saver.Saver",
        "mvfa_core.training.bundling.bundle", "mvfa_core.evaluation.work.evaluate",
        "mvfa_core.evaluation.pictures.Gathered", "mvfa_core.figures.choose.answers", "mvfa_core.figures.choose.choose",
    ),
    "measures time or memory": (
        "mvfa_core.bench.*", "mvfa_core.experiments.cost.seconds_per_picture",
    ),
    "declares a field, of which test_recipe_fields has one of every kind": (
        "mvfa_core.training.recipe_fields.*",
    ),
    "drawn as what it is the common part of, Run and Evaluation": ("mvfa_core.jobs.folder.JobFolder",),
    "needs the network": ("mvfa_core.data.download.fetch",),
    "read by the browser, which tests/mvfa_core/web asks about a thousand drawn cases": ("mvfa_core.web.payload.*",),
    "a whole network, whose shapes tests/mvfa_core looks at; some take seconds": (
        "mvfa_core.backbones.*", "mvfa_core.attention.*", "mvfa_core.pretrained.*",
        "mvfa_core.export.export_onnx", "mvfa_core.inference.settle", "mvfa_core.inference.with_room",
        "mvfa_core.training.speed.Network",
    ),
    "looks at whole networks of other people; tests/mvfa_core/adoption has them, against loops and themselves": (
        "mvfa_core.adoption.*", "mvfa_core.heads.TailHead", "mvfa_core.class_subset.Rows",
        "mvfa_core.photographs.*", "mvfa_core.data.model_zips.*",
    ),
    "the command line, which is called as a whole": ("mvfa_core.cli.*",),
    "a kind of figure, or a part of one, which make draws": (
        "mvfa_core.figures.*.sheet", "mvfa_core.figures.common.explained", "mvfa_core.figures.common.map_tile",
        "mvfa_core.figures.common.model_facts", "mvfa_core.figures.common.picture_facts",
        "mvfa_core.figures.common.plain_tile",
    ),
    "a record that another function of the same module makes and a property looks at": (
        "mvfa_core.analysis.cells.CellRegion", "mvfa_core.analysis.stability.PredictionPath",
        "mvfa_core.data.catalogue.Remote",
        "mvfa_core.data.synthetic.Scene", "mvfa_core.data.uploads.Upload", "mvfa_core.experiments.plan.Cell",
        "mvfa_core.experiments.report.Figure", "mvfa_core.experiments.rows.Row", "mvfa_core.figures.making.Made",
        "mvfa_core.lesson.record.*", "mvfa_core.figures.recipe.FigureProvenance", "mvfa_core.weights.kinds.FileKind",
        "mvfa_core.weights.state_dicts.Contents", "mvfa_core.weights.files.PickledArray",
    ),
}  # fmt: skip
"""Why a property does not name it, and what is meant: a name, or a pattern for what of a module is left."""


def sources(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module by its dotted name."""
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, ast.parse(file.read_text(encoding="utf-8"))


def public(root: Path) -> set[str]:
    """What has to be covered: functions without a line in front, and classes that compute or refuse."""
    found = set()
    for module, tree in sources(root, "mvfa_core", "app"):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not does_something(node):
                continue
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                found.add(f"{module}.{node.name}")
    return found


def does_something(node: ast.ClassDef) -> bool:
    """Whether a class is more than a record: it looks at its fields, or has methods that others call."""
    if any("Protocol" in ast.unparse(base) for base in node.bases):
        return False
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(one.name in ("__post_init__", "__call__") or not one.name.startswith("_") for one in methods)


def drawn(root: Path) -> set[str]:
    """Everything of ours that a property names, by the module that it is written in."""
    handed_on = {f"{module}.{name}": origin for module, tree in sources(root, "mvfa_core", "app")
                 for name, origin in names_of(tree)}  # fmt: skip
    found: set[str] = set()
    for file in sorted((root / "tests").rglob("test_properties*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        known = dict(names_of(tree))
        bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        waiting = [node for node in bodies.values() if isinstance(node, ast.FunctionDef) and is_property(node)]
        seen = set()
        while waiting:
            node = waiting.pop()
            seen.add(node.name)
            told = set(used(node))
            waiting += [bodies[name] for name in told & bodies.keys() - seen]
            for name in told:
                first, _, rest = name.partition(".")
                if first in known:
                    full = known[first] + (f".{rest}" if rest else "")
                    while full in handed_on:
                        full = handed_on[full]
                    found.add(full)
    return found


def is_property(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_") and any(ast.unparse(one).startswith("given(") for one in node.decorator_list)


def names_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What an import calls what."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def used(node: ast.AST) -> Iterator[str]:
    """Names that are read in a body, and the first two parts of dotted ones."""
    body = node.body if isinstance(node, ast.FunctionDef) else [node]
    for one in (child for part in body for child in ast.walk(part)):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            yield f"{one.value.id}.{one.attr}"


def violations(root: Path, reasons: dict[str, tuple[str, ...]]) -> list[str]:
    """One sentence for every gap, and for every reason that is none any more."""
    wanted, covered = public(root), drawn(root)
    excused: set[str] = set()
    found = []
    for reason, patterns in reasons.items():
        for pattern in patterns:
            meant = {name for name in wanted if fnmatchcase(name, pattern)}
            if not meant - covered:
                found.append(f"{pattern}: listed as {reason!r}, and nothing that is not drawn bears that name")
            if "*" not in pattern and meant & covered:
                found.append(f"{pattern}: listed as {reason!r}, and a property names it")
            excused |= meant
    return sorted(found + [f"{name}: no property names it" for name in wanted - covered - excused])


def test_nothing_public_is_left_out() -> None:
    found = violations(ROOT, NOT_DRAWN)
    assert not found, "\n".join(found)


SOURCE = "def halves(x):\n    return x\n\n\nclass Cut:\n    def __post_init__(self):\n        pass\n"
TEST = "from hypothesis import given\nfrom mvfa_core.x import halves\n\n\ndef helper():\n    halves(1)\n"
PROPERTY = "\n\n@given(1)\ndef test_it(n):\n    helper()\n"


@pytest.mark.parametrize(
    ("test", "reasons", "told"),
    [
        (TEST + PROPERTY, {"record": ("mvfa_core.x.Cut",)}, []),
        (TEST, {"record": ("mvfa_core.x.Cut",)}, ["mvfa_core.x.halves: no property names it"]),
        (TEST + PROPERTY, {}, ["mvfa_core.x.Cut: no property names it"]),
        (TEST + PROPERTY.replace("helper()", "pass"), {"a": ("mvfa_core.x.*",)}, []),
        (TEST + PROPERTY, {"a": ("mvfa_core.x.*",), "b": ("mvfa_core.y.*",)}, ["mvfa_core.y.*: listed as 'b'"]),
        (TEST + PROPERTY, {"a": ("mvfa_core.x.*", "mvfa_core.x.halves")}, ["mvfa_core.x.halves: listed as 'a'"] * 2),
    ],
)
def test_a_gap_is_seen(tmp_path: Path, test: str, reasons: dict[str, tuple[str, ...]], told: list[str]) -> None:
    """What no property names, and a reason for what is not there or is named after all."""
    for name, content in (("mvfa_core/x.py", SOURCE), ("tests/mvfa_core/test_properties_x.py", test), ("app/y.py", "")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    found = violations(tmp_path, reasons)
    assert len(found) == len(told) and all(one.startswith(start) for one, start in zip(found, told, strict=True)), found
