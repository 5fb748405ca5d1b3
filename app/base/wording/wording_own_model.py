"""Every sentence about a model of one's own: how it is brought, what is asked for, and what was found."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording
from app.base.wording import wording_own_model as here

i18n.speaks(__name__)

FILE = "A file of weights"
FILE_HELP = (
    "A .safetensors, .pth or .pt file of any image classifier of torchvision or timm, or one saved by this project. "
    "Nothing is trained: the page explains the classifier as it is."
)
NAME = "or a name"
NAME_EXAMPLE = "timm:resnet50.a1_in1k"
NAME_HELP = "timm:NAME, torchvision:NAME or hf-hub:OWNER/NAME. Its weights are downloaded once."
LISTED = "or one of this server"
LISTED_EMPTY = "Choose a model"
WORKING = "Reading the weights, finding the architecture, testing it on a few pictures…"
DOWNLOADING = "Getting {name}, finding its architecture, testing it on a few pictures…"
NO_NAME = "Name a model as timm:NAME, torchvision:NAME or hf-hub:OWNER/NAME, for example timm:resnet50.a1_in1k."
NOT_LISTED = "This server downloads only the models in its list. Drop a file of weights instead."
TOO_LARGE = (
    "This model takes more than the {megabytes} MB that one visitor may bring here. Run the app on your own machine."
)
BROKEN = "This network could not be run here ({why}). Check that the architecture is the right one."
FILE_AGAIN = "Drop the file again: this page does not hold it any more."

ARCHITECTURE = "Architecture"
ARCHITECTURE_EMPTY = "Choose or type one"
ARCHITECTURE_HELP = "The network whose weights these are, as timm:NAME or torchvision:NAME."
OTHER = "Choose another architecture"
OTHER_NOTE = "Several architectures can have the same tensors. Name the one that these weights are of."
CLASSES = "Class names, one a line"
CLASSES_HELP = "In the order of the model's outputs. JSON is read too: a list, or a map from index to name."
CLASSES_FILE = "or a list of classes as .txt or .json"
CLASSES_UNREADABLE = "That list of classes cannot be read. It has to be text in UTF-8 of up to 1 MB."
NEEDS_CLASSES = (
    "This model has {count} classes, and the file does not name them. Paste their names, or go on with numbers."
)
OPEN = "Open the model"
OPEN_NUMBERED = "Go on with numbers"

TITLE = "{data}, {backbone} {method}"
TITLE_IMAGENET = "ImageNet, {count} classes"
TITLE_SHAPES = "Generated shapes, {method}"

SUMMARY_CLASSES = "{count} classes"
SUMMARY_RIGHT = "{share} right ({side})"
SUMMARY_SIDES = {"val": "validation", "test": "test", "train": "training"}
SUMMARY_TRAINED = "trained here"
SUMMARY_ADOPTED = "used as it is"
SUMMARY_BETWEEN = " · "

CARD = "About this model"
CARD_CLASSES = "**Classes**: {names}."
CARD_CLASSES_MORE = "**Classes**: {names} and {count} more."
CARD_DATA = "**Pictures it learned from**: {title}, {count}. Terms: {terms}."
CARD_DATA_PLAIN = "**Pictures it learned from**: {title}, {count}."
CARD_ACCURACY = "**Accuracy**: {share} of {count} {side} pictures, after {steps} steps of training."
CARD_NETWORK = "**Network**: {backbone} with {method}."
CARD_FOUND = "**{architecture}** from {origin}, {count} classes. It was not trained here."
CARD_NO_ARCHITECTURE = "a network of its own"
CARD_PREPARED = "Pictures are squashed to {side} × {side} px; mean {mean}, standard deviation {std} ({origin})."
CARD_KINDS = {
    "exact": "Exact: it averages its last map and ends in a linear layer, so maps, views and answer are one account.",
    "pooled": "Pooled: a nonlinear layer follows the average of its last map. Views are exact, cells are approximate.",
    "tokens": "Tokens: a class token answers. Its head is read at the patches, which is approximate throughout.",
}
CARD_OTHERS = (
    "Taken for {architecture}, though {others} have the same tensors. If it is one of those, choose another "
    "architecture under *Use your own model*."
)
CARD_TEST = (
    "Self-test: the view of the whole map differs from the classifier's own answer by {whole}; the views name its "
    "class for {agreement} of {pictures} pictures."
)
CARD_TEST_TOKENS = "Self-test: the views name the classifier's own class for {agreement} of {pictures} pictures."


def needs_classes(count: int) -> str:
    """How many names are asked for."""
    return here.NEEDS_CLASSES.format(count=f"{count:,}")


def card(told: dict) -> list[str]:
    """What an adoption found, a sentence each.

    Args:
        told: origin, architecture (None for none), count, kind, preprocessing and self_test as the card has them, and
            others, the networks that have the same tensors.
    """
    prepared, test = told["preprocessing"], told["self_test"]
    mean, std = (" ".join(f"{value:.3g}" for value in prepared[name]) for name in ("mean", "std"))
    agreement = wording.share(test["agreement"], 0)
    whole = test["whole_view"]
    found = here.CARD_FOUND.format(
        architecture=wording.plain(told["architecture"] or here.CARD_NO_ARCHITECTURE),
        origin=wording.plain(told["origin"]),
        count=f"{told['count']:,}",
    )
    ready = here.CARD_PREPARED.format(
        side=int(prepared["side"]), mean=mean, std=std, origin=wording.plain(prepared["origin"])
    )
    line = here.CARD_TEST_TOKENS if whole is None else here.CARD_TEST
    distance = "" if whole is None else f"{whole:.0e}"
    tested = line.format(whole=distance, agreement=agreement, pictures=int(test["pictures"]))
    lines = [found, here.CARD_KINDS[told["kind"]], ready, tested]
    if told["others"]:
        others = wording.plain(", ".join(told["others"]))
        lines.append(here.CARD_OTHERS.format(architecture=wording.plain(told["architecture"] or ""), others=others))
    return lines
