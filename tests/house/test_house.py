"""The rules of the house, read from the sources by `ast`; each answer is a sentence naming the file and the rule.

`violations(root)` looks at any folder, so that the second half of this file can prove that every rule bites.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TENSORS = {"torch", "torchvision", "timm"}
TOP_LEVEL = {"app", "mvfa_core", "pages", "assets", "tests", "docs", ".streamlit", ".ci"}
TOP_LEVEL |= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "Makefile", "pyproject.toml"}
TOP_LEVEL |= {"Containerfile", ".containerignore"}  # where container engines look for them
TOP_LEVEL |= {"requirements.txt", "requirements-dev.txt", ".gitignore", ".gitattributes", ".editorconfig"}
SLOW = {"torchvision", "timm", "pytorch_grad_cam", "sklearn", "onnx", "ray"}
"""They take as long to load as everything else together."""
LEFT_BEHIND = {".git", ".venv", "venv", "runs", "data", "outputs", "build", "dist", "test-results"}
FLOORS = ("app", "mvfa_core", "pages")
MOST_LINES = 300
MOST_FILES = {"app": 12, "mvfa_core": 34}
"""Modules that may lie flat in a room: a newcomer reads the list once."""
MOST_BYTES = 35_000_000


def tracked(root: Path, *, new: bool) -> list[Path]:
    """Files that git tracks and, if new, would add, relative to root; where git is absent, all but what runs leave."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached"]
        command += ["--others", "--exclude-standard"] if new else []
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        return sorted({Path(name) for name in names if name and (root / name).is_file()})
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    made = ("__pycache__", "_cache", ".egg-info")
    return sorted(p for p in found if p.parts[0] not in LEFT_BEHIND and not any(q.endswith(made) for q in p.parts))


def imported(tree: ast.Module, path: Path) -> Iterator[str]:
    """Full dotted names that are imported: relative ones resolved, `from a import b` as a.b, import_module("a") too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.parts[: len(path.parts) - node.level] if node.level else ()
            yield from (".".join([*base, *([node.module] if node.module else []), alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            yield from (
                arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )


def called(node: ast.Call) -> str:
    """The last name of what is called: "load" for torch.load(...)."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def import_rules(path: Path, names: set[str], page_names: set[str]) -> Iterator[str]:
    """What import-linter's contracts in pyproject.toml cannot say: pages are scripts and no package."""
    heads = {name.split(".")[0] for name in names}
    if path.parts[0] == "pages":
        for name in sorted(heads & ({"pages"} | page_names)):
            yield f"pages do not import each other, but this one imports {name}"
        for name in sorted(heads & TENSORS):
            yield f"pages have no torch, but this one imports {name}"
    if path.parts[0] == "app" and "pages" in heads:
        yield "imports run pages -> app -> mvfa_core and never back, but app imports pages"
    if any(name.startswith("matplotlib.pyplot") for name in names):
        yield "pyplot is global state that Streamlit closes under other sessions: use matplotlib.figure.Figure"


def code_rules(path: Path, tree: ast.Module) -> Iterator[str]:
    torch_names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "torch"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == "unsafe_allow_html" and path.parts[0] != "tests":
            yield f"line {node.lineno}: no unsafe_allow_html anywhere, names may come from strangers"
        if isinstance(node, ast.ImportFrom) and node.module == "torch" and any(a.name == "load" for a in node.names):
            yield f"line {node.lineno}: write torch.load(..., weights_only=True) in full"
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if "unsafe_allow_html" in keywords:
            yield f"line {node.lineno}: no unsafe_allow_html anywhere, names may come from strangers"
        if path.parts[0] in {"app", "pages"} and path.name != "errors.py" and ast.unparse(node) == "str(error)":
            yield f"line {node.lineno}: an error is told by errors.told(error), without places of this machine"
        if re.fullmatch(r"register_\w*hook", called(node)) and path.parts[0] != "tests":
            yield f"line {node.lineno}: no hooks anywhere, but {called(node)} is called"
        from_torch = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", None) in torch_names
        if from_torch and called(node) == "load":
            safe = keywords.get("weights_only")
            if not (isinstance(safe, ast.Constant) and safe.value is True):
                yield f"line {node.lineno}: every torch.load says weights_only=True"


def start_rules(path: Path, tree: ast.Module) -> Iterator[str]:
    for node in once(tree) if path.parts[0] == "mvfa_core" else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            for name in sorted({(module or alias.name).split(".")[0] for alias in node.names} & SLOW):
                yield f"line {node.lineno}: {name} is imported where it is used; every command would wait for it"


def once(node: ast.AST) -> Iterator[ast.AST]:
    """What of a module is carried out once, when it is imported: all but the bodies of functions, and what stands under
    `if __name__ == "__main__"`, for that is a script, or under `if TYPE_CHECKING`."""
    yield node
    script = isinstance(node, ast.If) and re.search("__name__|TYPE_CHECKING", ast.dump(node.test))
    later = script or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not (later and name == "body"):
                yield from once(child)


GETTEXT = {"_", "ngettext", "pgettext"}


def language_rules(path: Path, tree: ast.Module) -> Iterator[str]:
    """Texts come in the language of who asks (app/base/i18n.py), so they are asked for at the moment they are shown;
    and the extraction reads them where they stand, so they are written out."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "app.base.i18n")
    known = GETTEXT & {alias.name for node in imports for alias in node.names}
    for node in once(tree) if path.parts[0] == "app" else ():  # a page is carried out for every visitor
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            yield f"line {node.lineno}: asked for once, this text stays English; ask when it is shown"
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for inner in ast.walk(node):
                written = isinstance(inner, ast.Call) and isinstance(
                    inner.args[0] if inner.args else None, ast.Constant
                )
                if written and isinstance(inner.func, ast.Name) and inner.func.id in known:
                    yield f"line {node.lineno}: the extraction does not look into an f-string; ask before it"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in known
            and any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in node.args)
        ):
            yield f"line {node.lineno}: a message is written out, with names in braces, and filled in by format"


def place_rules(root: Path, files: list[Path]) -> Iterator[str]:
    for name in sorted({path.parts[0] for path in files} - TOP_LEVEL):
        yield f"{name}: the top level is fixed, this entry is not on its list"
    for path in files:
        if path.parts[0] == "app" and len(path.parts) >= 2 and (len(path.parts) > 2 or path.suffix == ".py"):
            first = path.parts[1].removesuffix(".py")
            # `streamlit run app/main.py` puts app/ first on sys.path: whatever lies there hides a module of that name.
            if first in sys.stdlib_module_names or first in {"app", "pages", "streamlit", "plotly"} | TENSORS:
                yield f"{path.as_posix()}: no name in app/ may hide a module that others import ({first})"
    for room, most in MOST_FILES.items():
        if (count := sum(path.parent == Path(room) and path.suffix == ".py" for path in files)) > most:
            yield f"{room}: at most {most} modules lie flat in it, got {count}"
    size = sum((root / path).stat().st_size for path in tracked(root, new=False))
    if size > MOST_BYTES:
        yield f".: tracked files stay under {MOST_BYTES / 1e6:.0f} MB, got {size / 1e6:.1f} MB"


def violations(root: Path) -> list[str]:
    """One sentence for every broken rule below root, beginning with the file it is about; empty when all is well."""
    files = tracked(root, new=True)
    found = list(place_rules(root, files))
    page_names = {path.stem for path in files if path.parts[0] == "pages" and path.suffix == ".py"} - {"__init__"}
    for path in files:
        if path.suffix != ".py" or path.parts[0] not in {"app", "pages", "mvfa_core", "tests"}:
            continue
        text = (root / path).read_text(encoding="utf-8")
        tree = ast.parse(text, filename=str(path))
        broken = list(code_rules(path, tree))
        if path.parts[0] != "tests":
            broken += import_rules(path, set(imported(tree, path)), page_names)
            broken += [*language_rules(path, tree), *start_rules(path, tree)]
            if (lines := len(text.splitlines())) > MOST_LINES:
                broken.append(f"no module is longer than {MOST_LINES} lines, this one has {lines}")
        found += [f"{path.as_posix()}: {sentence}" for sentence in broken]
    return found


def circles(root: Path) -> list[str]:
    """The modules that import each other in a circle, imports inside functions counted; empty when there is none."""
    ours = [path for path in tracked(root, new=True) if path.suffix == ".py" and path.parts[0] in FLOORS]
    files = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in ours}
    graph = {}
    for module, path in files.items():
        names = set(imported(ast.parse((root / path).read_text(encoding="utf-8")), path))
        known = {name if name in files else name.rpartition(".")[0] for name in names}
        graph[module] = (known & files.keys()) - {module}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_modules() -> None:
    found = circles(ROOT)
    assert not found, " -> ".join(found)


def test_a_circle_is_seen(tmp_path: Path) -> None:
    (tmp_path / "mvfa_core").mkdir()
    sources = {
        "a": "def f():\n    from mvfa_core import b",
        "b": "import mvfa_core.c",
        "c": "from mvfa_core.a import f",
    }
    for name, source in sources.items():
        (tmp_path / "mvfa_core" / f"{name}.py").write_text(source)
    assert set(circles(tmp_path)) == {"mvfa_core.a", "mvfa_core.b", "mvfa_core.c"}


def test_the_house_keeps_its_rules() -> None:
    found = violations(ROOT)
    assert not found, "the house has rules:\n" + "\n".join(found)


_ASKS = "from app.base.i18n import _, ngettext\n"
OFFENCES = [
    ("mvfa_core/figures.py", "import matplotlib.pyplot as plt", "use matplotlib.figure.Figure"),
    ("mvfa_core/long.py", "x = 1\n" * MOST_LINES + "y = 2", "no module is longer than 300 lines, this one has 301"),
    ("mvfa_core/road.py", "from pytorch_grad_cam.metrics import road", "is imported where it is used"),
    ("mvfa_core/cli/x.py", "class C:\n    import timm", "line 2: timm is imported where it is used"),
    ("mvfa_core/weights.py", "import torch\ntorch.load('x')", "line 2: every torch.load says weights_only=True"),
    ("mvfa_core/weights.py", "import torch as t\nt.load('x', weights_only=False)", "says weights_only=True"),
    ("mvfa_core/weights.py", "from torch import load", "write torch.load(..., weights_only=True) in full"),
    ("tests/test_x.py", "import torch\ntorch.load('x')", "every torch.load says weights_only=True"),
    ("mvfa_core/peek.py", "def f(m):\n    m.register_forward_hook(f)", "but register_forward_hook is called"),
    ("mvfa_core/peek.py", "def f(m):\n    m.register_full_backward_hook(f)", "no hooks anywhere"),
    ("mvfa_core/peek.py", "def f(t):\n    t.register_hook(f)", "but register_hook is called"),
    ("app/ui/panels.py", "from pages import explore", "never back, but app imports pages"),
    ("app/ui/panels.py", "import importlib\nimportlib.import_module('pages.explore')", "but app imports pages"),
    ("pages/explore.py", "from torchvision import io", "pages have no torch, but this one imports torchvision"),
    ("pages/explore.py", "from . import train", "pages do not import each other"),
    ("pages/explore.py", "import explore", "but this one imports explore"),
    ("pages/explore.py", "def f(st):\n    st.write('x', unsafe_allow_html=True)", "line 2: no unsafe_allow_html"),
    ("app/ui/panels.py", "options = {'unsafe_allow_html': True}", "line 1: no unsafe_allow_html"),
    ("app/ui/panels.py", f"{_ASKS}X = _('x')", "line 2: asked for once, this text stays English"),
    ("app/ui/panels.py", f"{_ASKS}X = {{1: (_('x'),)}}", "ask when it is shown"),
    ("app/ui/panels.py", f"{_ASKS}def f(x=_('x')): ...", "line 2: asked for once"),
    ("app/ui/panels.py", f"{_ASKS}class C:\n    x: str = ngettext('x', 'y', 2)", "line 3: asked for once"),
    ("app/ui/panels.py", f"{_ASKS}def f(n):\n    return _(f'{{n}} x')", "line 3: a message is written out"),
    ("app/ui/panels.py", f"{_ASKS}def f(n):\n    return _('x' + n)", "line 3: a message is written out"),
    ("app/ui/panels.py", f"{_ASKS}def f(n):\n    return f'{{_(1)}}'", "does not look into an f-string"),
    ("app/queue.py", "", "app/queue.py: no name in app/ may hide a module that others import (queue)"),
    ("app/json/__init__.py", "", "may hide a module that others import (json)"),
    ("app/app.py", "", "may hide a module that others import (app)"),
    ("app/ui/panels.py", "def f(error):\n    return str(error)", "line 2: an error is told by errors.told(error)"),
    ("utils/helpers.py", "", "utils: the top level is fixed"),
    ("train.py", "", "train.py: the top level is fixed"),
]


@pytest.mark.parametrize(("name", "source", "sentence"), OFFENCES)
def test_every_rule_bites(tmp_path: Path, name: str, source: str, sentence: str) -> None:
    offender = tmp_path / name
    offender.parent.mkdir(parents=True, exist_ok=True)
    offender.write_text(source + "\n", encoding="utf-8")
    (found,) = violations(tmp_path)
    assert found.startswith(name.split("/")[0]) and sentence in found


def test_a_heavy_repository_is_named(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    with (tmp_path / "assets" / "weights.safetensors").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert violations(tmp_path) == [".: tracked files stay under 35 MB, got 35.0 MB"]


ALLOWED = [
    ("mvfa_core/backbones.py", "from .attention import blocks\nfrom mvfa_core.checks import need"),
    ("mvfa_core/model.py", "from mvfa_core import adacam, regions, views\nfrom .heads import LinearHead"),
    ("mvfa_core/__main__.py", "print('done')"),
    ("mvfa_core/cli/train.py", "print('done')"),
    ("mvfa_core/weights.py", "import json\nimport torch\ntorch.load('x', weights_only=True)\njson.load(open('x'))"),
    ("app/ui/panels.py", "import streamlit as st\nfrom app import charts\nfrom mvfa_core import explain"),
    ("pages/explore.py", "import streamlit as st\nfrom app import panels\nimport mvfa_core"),
    (
        "app/ui/panels.py",
        "from app.base.wording import wording\nf = lambda: wording.TITLE\ndef g():\n    return wording.TITLE",
    ),
    ("app/ui/panels.py", "from app.base.wording.wording import plain\nfrom app import wording\nX = wording.plain('x')"),
    ("app/main.py", f"{_ASKS}if __name__ == '__main__':\n    x = _('x')"),
    ("pages/explore.py", f"{_ASKS}x = _('x')"),
    ("app/ui/panels.py", f"{_ASKS}def f(n):\n    return _('{{n}} x').format(n=n) + _(n.note)"),
    ("app/ui/panels.py", f"{_ASKS}def f(n):\n    return f'{{_(n.note)}}'"),
    ("mvfa_core/road.py", "def f():\n    import pytorch_grad_cam\n    return pytorch_grad_cam"),
    ("mvfa_core/road.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from torchvision import ops"),
    ("mvfa_core/edge.py", "x = 1\n" * MOST_LINES),
]


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_what_is_allowed_passes(tmp_path: Path, name: str, source: str) -> None:
    permitted = tmp_path / name
    permitted.parent.mkdir(parents=True, exist_ok=True)
    permitted.write_text(source.rstrip("\n") + "\n", encoding="utf-8")
    assert violations(tmp_path) == []
