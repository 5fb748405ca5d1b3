"""Models that visitors bring: files of this project as they are, and files or names of any classifier, adopted.

What is adopted is written as a file of this project for its visitor alone (`visitor_files`), so that every page takes
it for any other model. Where the file does not say enough, an error says what is to be asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.base import errors, visitors
from app.base.i18n import _
from app.base.refusals import QuotaError
from app.base.wording import wording_own_model as words
from app.services import downloads, inference_queue, limits, quota, visitor_files
from app.services.cache import MEGABYTE
from mvfa_core.adoption import adopt
from mvfa_core.adoption.amount import bytes_of_weights
from mvfa_core.adoption.weight_files import Weights, read
from mvfa_core.checkpoints import CheckpointError, read_card, save_model
from mvfa_core.data.model_zips import is_model_zip, unpack_model
from mvfa_core.weights.files import WeightsError

ENDINGS = ("safetensors", "pth", "pt", "bin", "ckpt", "zip")
NETWORK = re.compile(r"(?:timm|torchvision):[\w.\-]*\w")
NAME = re.compile(r"(?:timm|torchvision):[\w.\-]+|hf-hub:[\w.\-]+/[\w.\-]+")
FLAG = "--architecture"
"""How the library's sentences name what is to be told; on a page it is a field."""


@dataclass(frozen=True)
class Answers:
    """What a visitor has told of a file: its network, its class names as they were pasted, or that numbers will do."""

    architecture: str = ""
    classes: str = ""
    numbered: bool = False


class ArchitectureError(ValueError):
    """The network has to be named; the sentence says why, `suggestions` which would fit."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.suggestions = tuple(dict.fromkeys(NETWORK.findall(sentence)))


class ClassesError(ValueError):
    """The `count` classes have no names."""

    def __init__(self, count: int) -> None:
        super().__init__(words.needs_classes(count))
        self.count = count


def keep(content: bytes, file_name: str, answers: Answers) -> str:
    """Keep a model for this visitor: a checkpoint of this project, or any classifier's weights; the name it has.

    Raises:
        ArchitectureError, ClassesError: more must be told. ValueError: it cannot be a model here; the sentence says
            why. QuotaError: there is too much already. OSError: it cannot be written.
    """
    quota.expect_room(len(content))
    with tempfile.TemporaryDirectory(dir=visitor_files.own_folder()) as folder:
        file = Path(folder) / _file_name(file_name)
        file.write_bytes(content)
        if _is_checkpoint(file):
            return visitor_files.keep_model(content, file.stem)
        visitor = visitors.me()

        def write(target: Path) -> None:
            # one job that reads the file once: its tensors are in memory for one visitor at a time
            inference_queue.prepare(_adopt_file, file, answers, target, visitor)

        name = _digest(hashlib.sha256(content).hexdigest(), answers)
        return visitor_files.keep_made(name, file.stem, len(content), write)


def keep_named(name: str, answers: Answers) -> str:
    """As `keep`, of a network that is downloaded, or was before; on a shared server one that its owner lists."""
    name = name.strip()
    if not NAME.fullmatch(name):
        raise WeightsError(
            _("Name a model as timm:NAME, torchvision:NAME or hf-hub:OWNER/NAME, for example timm:resnet50.a1_in1k.")
        )
    offered = limits.offered_models()
    if offered is not None and name not in offered:
        raise WeightsError(_("This server downloads only the models in its list. Drop a file of weights instead."))
    weight = downloads.fetch(name)  # into a cache, from where it is read again in its turn

    def write(target: Path) -> None:
        inference_queue.prepare(_adopt, name, answers, target)

    return visitor_files.keep_made(_digest(name, answers), name.partition(":")[2], weight, write)


def _file_name(told: str) -> str:
    """The name that a browser gave to a file, as one that can stand in a folder."""
    return re.sub(r"[^\w.\- ]", "_", told)[-100:].lstrip(".") or "file"


def _is_checkpoint(file: Path) -> bool:
    try:
        read_card(file)
    except CheckpointError:
        return False
    return True


def _digest(source: str, answers: Answers) -> str:
    told = json.dumps([source, answers.architecture, answers.classes.strip()])
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _adopt_file(file: Path, answers: Answers, target: Path, visitor: str) -> None:
    """Adopt what is in a file, if the visitor may bring as much as the network takes, whatever the file's size."""
    try:
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            zipped = is_model_zip(file)
            weights = read(unpack_model(file, Path(folder), quota.most_each()) if zipped else file)
            size = bytes_of_weights(weights, answers.architecture)
            if size > (most := quota.most_each()):
                sentence = _(
                    "This model takes more than the {megabytes} MB that one visitor may bring here. Run the app on "
                    "your own machine."
                )
                raise QuotaError(sentence.format(megabytes=most // MEGABYTE))
            quota.LEDGER.expect_room(visitor, size)
            _adopt(weights, answers, target)
    except WeightsError as error:
        raise _told(error, answers.architecture) from error


def _adopt(source: Weights | str, answers: Answers, target: Path) -> None:
    """Adopt and write a file of this project."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            model = adopt(
                source, architecture=answers.architecture or None, classes=_names_file(answers.classes, Path(folder))
            )
    except WeightsError as error:
        raise _told(error, answers.architecture) from error
    except (RuntimeError, TypeError, KeyError, AttributeError) as error:  # a network may break in as many ways
        raise WeightsError(
            _("This network could not be run here ({why}). Check that the architecture is the right one.").format(
                why=errors.message(error)[:160]
            )
        ) from error
    count = len(model.classes)
    if not (answers.classes.strip() or answers.numbered) and list(model.classes) == [str(c) for c in range(count)]:
        raise ClassesError(count)
    save_model(model, target, {"name": target.stem})


def _told(error: WeightsError, architecture: str) -> ValueError:
    """The library's sentence, in which what is asked for is a field of the page."""
    sentence = errors.message(error)
    if FLAG not in sentence and not architecture:
        return error
    return ArchitectureError(sentence.replace(f"with {FLAG}", "below"))


def _names_file(classes: str, folder: Path) -> Path | None:
    """What was pasted, as the file that the library reads; names in one line may have commas between them."""
    classes = classes.strip()
    if not classes:
        return None
    if "\n" not in classes and classes[0] not in "[{":
        classes = "\n".join(part.strip() for part in re.split("[,;，、；]", classes))
    file = folder / "classes"
    file.write_text(classes, encoding="utf-8", errors="replace")
    return file
