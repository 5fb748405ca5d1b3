"""Every sentence of the set-up half of the Train page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.base import i18n
from app.base.wording import wording_set_up as here
from app.base.wording.wording import plain

i18n.speaks(__name__)

PRESET = "Preset"
PRESET_SHOWN = {"quick": "Quick", "paper": "Paper", "photos": "Photos", "bundled": "Bundled"}
PRESETS = {
    "quick": "Quick: the small backbone learns visibly on drawn shapes in a few minutes on two CPU cores.",
    "paper": "Paper: the settings of its Section 3.1, VGG16 with K = 50. Made for a GPU and a day, not for a laptop.",
    "photos": "Photos: MobileNet24 on photographs in an hour or two without a GPU. Our schedule, not the paper's.",
    "bundled": "Bundled: how compact_mfa and compact_gap were trained; as quick, four times as long.",
}
STEPS = "Steps"

DATA = "Pictures"
DATA_FOLDER = "a folder of mine"
DATA_ZIP = "a zip of mine"
DATA_UPLOADED = "{name} (uploaded)"
DATA_HELP = "synthetic is drawn here. Data sets of the catalogue appear once they are in the data folder."
DATA_PATH = "Folder"
DATA_PATH_HELP = "A folder with one sub-folder per class, or with train/ and val/ that hold them. It is only read."
DATA_PATH_NEEDED = "Name the folder first."
DATA_PATH_MISSING = "There is no such folder on the computer that runs this app."
DATA_PATH_CLOSED = "No folder of that name can be opened here: this server opens folders of its data folder alone."
ZIP = "A zip with one folder of pictures for every class"
ZIP_HELP = (
    "The class folders lie at the top, inside one wrapper folder, or below train/, val/ and test/. Without such a "
    "split a fifth of every class is held out. At most {megabytes} MB."
)
ZIP_ENCODING = "Names in the zip are read as"
ZIP_ENCODING_HELP = (
    "The zip does not say how its names were written. If the class names below look wrong, choose another."
)
ZIP_NEEDED = "Choose the zip first."
ZIP_UNPACKING = "Unpacking and looking at every file"
ZIP_REMOVE = "Remove these pictures from this computer"
ZIP_SHARE = "Share these pictures"
ZIP_SHARE_NOTE = "Only you can see these pictures. Whoever opens this link can see them and train on them too."
ZIP_SHARE_MAKE = "Make a link"
ZIP_GIVEN = "Another visitor shared these pictures with you; only that visitor can remove them."
PASSED_OVER_ONE = "{count} file is passed over"
PASSED_OVER_MANY = "{count:,} files are passed over"
COPIES_ONE = "{count} picture lies in two classes"
COPIES_MANY = "{count:,} pictures lie in two classes"
COPIES_NOTE = "The same file stands in two classes of one side, so one of the two labels is wrong."
REASON = "{count:,}: {reason}"
MORE_FILES = "and {count:,} more files"
JOIN_NAMES = "Join class names that are nearly the same"
JOIN_NAMES_HELP = "Names that differ only in capitals, spaces, hyphens, underscores and dots become one class."
MORE_CLASSES = "and {count} more classes"
DRAWN = "Ten shapes drawn over photographs, {train:,} to train on and {val:,} held out; boxes and masks are known."
DRAWN_N = "Pictures to draw for training"
NOT_HERE = "Data sets of the paper that are not here"
NOT_HERE_NOTE = "Get one in a terminal; it then appears under Pictures."
NOT_HERE_COLUMNS = ("Name", "Data set", "Classes", "Pictures", "In a terminal", "Otherwise")

SETTINGS = "All settings"
TABS = ("Data", "Model", "Views", "Training", "Device and end", "Command")
RESET = "Back to the preset"
UNDO = "Undo"

BACKBONE = "Backbone"
BACKBONE_TIMM = "another one of timm"
TIMM = "Name in timm"
TIMM_HELP = "As timm calls it, regnety_004 say. Its last map of at least 14 × 14 cells becomes F."
TIMM_NEEDED = "Name the timm model first."
WEIGHTS = "Weights to start from"
WEIGHTS_SHOWN = {"none": "Fresh", "imagenet": "ImageNet", "file": "A file"}
WEIGHTS_NONE = "Nobody has pretrained the compact backbone: it starts fresh."
WEIGHTS_IMAGENET = "Downloaded once, when the run starts; only the backbone's are used."
WEIGHTS_FILE = "Weights file"
WEIGHTS_FILE_HELP = "A .safetensors or .pth state dict on the computer that runs this app."
WEIGHTS_FILE_NEEDED = "Name the file first."
WEIGHTS_FILE_MISSING = "There is no such file on the computer that runs this app."
WEIGHTS_FILE_KIND = "Expected a file that ends in .safetensors, .pth or .pt."
POOLING = "Ending"
POOLING_HELP = "MFA lets many regions vote; GAP averages the whole map once."
HEAD = "Head"
HEAD_SHOWN = {"linear": "Linear", "mlp": "MLP", "prototype": "Prototype"}
HEAD_HELP = "Linear scores, hidden layers between, or one prototype for every class."
HIDDEN = "Hidden widths"
HIDDEN_HELP = "One number for every hidden layer, 256 or 512, 128 say."
HIDDEN_WRONG = "Expected whole numbers from 1 to 8192 with commas between, 512, 128 say."
PROTOTYPE_WEIGHT = "Weight of the prototype loss"

VIEWS_NONE = "GAP has no anchors and no regions: it averages the whole map once."
SIZES_NONE = "At least one region size is needed."
K_LESS = "K was {asked}; this backbone gives {cells} cells, so there are at most {cells} anchors."
ANCHORS = "Where the anchors are"
ANCHORS_SHOWN = {
    "adacam": "AdaCAM's highest cells, as the paper",
    "random": "K random cells",
    "all": "every cell",
    "label": "the label's own map, in training",
    "covering": "as many of AdaCAM's highest cells as it covers, up to K (ours)",
}
ANCHORS_HELP = "All but the first are there to see what the attention is worth."
LOCAL = "Local loss"
LOCAL_SHOWN = {"sum": "Sum", "mean": "Mean"}
LOCAL_HELP = "The paper sums the losses of all views; mean gives both heads the same weight."
GLOBAL_LOSS = "Global loss"
GLOBAL_LOSS_HELP = "Off: the auxiliary head learns nothing, and its attention stays as it began."

AUGMENT = "Augmentation"
AUGMENT_SHOWN = {"flip-crop": "Flip and crop", "none": "None"}
MIX = "Mixing"
MIX_SHOWN = {"none": "None", "mixup": "Mixup", "cutmix": "CutMix", "cutout": "Cutout"}
BATCH = "Batch"
BATCH_LESS = "There are {train:,} pictures to train on, so every batch has {train:,}."
LR = "Learning rate"
SCHEDULE = "Schedule"
SCHEDULE_SHOWN = {"constant": "Constant", "one-cycle": "One cycle"}
OPTIMIZER = "Optimiser"
OPTIMIZER_SHOWN = {"adam": "Adam", "adamw": "AdamW"}
WEIGHT_DECAY = "Weight decay"
SEED = "Seed"
VAL_EVERY = "Validate every … steps"
VAL_LATE = "The run is shorter: it is validated once, at its end."

DEVICE = "Device"
DEVICE_HELP = "auto takes a GPU if there is one."
PRECISION = "Precision"
PRECISION_HELP = "auto: bf16 on a GPU that has it, fp32 elsewhere."
COMPILE = "Compile the model"
COMPILE_HELP = "The first steps take minutes, the others less."
VALIDATE_ON = "Validate on"
VALIDATE_ON_SHOWN = {"val": "Validation side", "test": "Test side, as the paper", "held-out": "As this run did"}
VALIDATE_ON_HELP = (
    "Validation side: the test side is left alone; where there is none but train and test, a tenth of train is set "
    "apart. Test side: all of train is trained on, and the last weights are the result."
)
VALIDATE_ON_TEST = "The test side chooses nothing: no run ends by it, and the last weights are kept."
DETERMINISTIC = "Same result every time"
DETERMINISTIC_HELP = "A GPU adds in a fixed order, so that the same run gives the same weights. Slower."
STOP_AT = "Enough at a validation accuracy of … %"
STOP_AT_HELP = "Empty: all steps are done."
PATIENCE = "Give up after … validations without a better one"
NO_LIMIT = "none"
FILM = "Pictures in the film"
FILM_HELP = "So many held-out pictures are explained at every validation; 0 for none."
LOG = "Also log to"

CANNOT = "This cannot start yet:"

ESTIMATE = "Measure a few steps"
ESTIMATE_AGAIN = "Measure again"
ESTIMATE_HELP = "Trains a few steps on noise in a process of its own and scales them up; takes some seconds."
ESTIMATING = "Measuring a few steps; the page can be used meanwhile."
ESTIMATE_WAIT = "Another estimate is being measured; try again in a moment."
ESTIMATE_FAILED = "No estimate: {reason}"
ESTIMATE_LONG = "it took longer than {minutes} minutes and was ended"
ESTIMATE_SILENT = "its process ended without saying why"

FROM_RUN = "Filled in from a run: {pooling} on {backbone}, {data}. Change anything."
PARAMETERS = "{count:,} parameters; with gradients and optimiser {amount}."
ESTIMATED = "About **{duration}**."
ESTIMATED_MEMORY = "About **{duration}**, {amount} of memory at its peak."
MEASURED_ONE = (
    "An estimate from {steps} measured step of {batch} pictures on {machine}{scaled}; decoding the pictures for the "
    "first time comes on top.{beside}"
)
MEASURED_MANY = (
    "An estimate from {steps} measured steps of {batch} pictures on {machine}{scaled}; decoding the pictures for the "
    "first time comes on top.{beside}"
)
MEASURED_SCALED = ", scaled up to a whole batch"
MEASURED_BESIDE = " Another run was being trained meanwhile, so alone it will be faster."
DURATION = {"days": "{n} days", "h": "{n} h", "min": "{n} min", "s": "{n} s"}
COUNTED = "{classes} classes, {pictures:,} pictures: {sides}."
COUNTED_SIDES = {"train": "{count:,} to train on", "val": "{count:,} to validate on", "test": "{count:,} to test on"}
COUNTED_AND = ", "
GRID = "Pictures of {side} px become {cells} × {cells} cells of {stride} px with {channels:,} channels."
VIEWS = "{k} anchors × {sizes} sizes = {views:,} views of every picture."


def from_run(pooling: str, backbone: str, data: str) -> str:
    """What the form shows after a run was taken over."""
    return here.FROM_RUN.format(pooling=pooling.upper(), backbone=plain(backbone), data=plain(data))


def cannot(problems: Iterable[str]) -> str:
    """Why there is nothing to start."""
    return plain(" ".join((here.CANNOT, *dict.fromkeys(problems))))


def parameters(count: int, size: int) -> str:
    """How large the model is."""
    return here.PARAMETERS.format(count=count, amount=amount(size))


def estimated(seconds: float, memory: int | None) -> str:
    """The estimate itself."""
    if memory is None:
        return here.ESTIMATED.format(duration=duration(seconds))
    return here.ESTIMATED_MEMORY.format(duration=duration(seconds), amount=amount(memory))


def measured(steps: int, batch: int, machine: str, *, beside: bool, scaled: bool) -> str:
    """What it rests on."""
    return (here.MEASURED_ONE if steps == 1 else here.MEASURED_MANY).format(
        steps=steps,
        batch=batch,
        machine=plain(machine),
        scaled=here.MEASURED_SCALED if scaled else "",
        beside=here.MEASURED_BESIDE if beside else "",
    )


def amount(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 2**30:.1f} GB" if size >= 0.95 * 2**30 else f"{max(size / 2**20, 0.1):.3g} MB"


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            n = f"{seconds / size:.1f}" if seconds < 10 * size else f"{seconds / size:,.0f}"
            return here.DURATION[unit].format(n=n)
    return here.DURATION["s"].format(n=f"{seconds:.0f}")


def counted(classes: int, sides: Mapping[str, int]) -> str:
    """How many pictures there are, side by side."""
    said = [here.COUNTED_SIDES[side].format(count=count) for side, count in sides.items()]
    return here.COUNTED.format(classes=classes, pictures=sum(sides.values()), sides=here.COUNTED_AND.join(said))


def each(counts: Sequence[int]) -> str:
    """The same of one class, short."""
    return " + ".join(f"{count:,}" for count in counts)


def passed_over(count: int) -> str:
    """How many files are not used."""
    return (here.PASSED_OVER_ONE if count == 1 else here.PASSED_OVER_MANY).format(count=count)


def copies(count: int) -> str:
    """How many pictures contradict each other."""
    return (here.COPIES_ONE if count == 1 else here.COPIES_MANY).format(count=count)


def reason(count: int, why: str) -> str:
    """Why some of them are not used."""
    return here.REASON.format(count=count, reason=plain(why))


def grid(channels: int, side: int, stride: int) -> str:
    """What a backbone hands over."""
    return here.GRID.format(side=side, cells=side // stride, stride=stride, channels=channels)


def views(k: int, sizes: tuple[int, ...]) -> str:
    """How many views there will be."""
    return here.VIEWS.format(k=k, sizes=len(sizes), views=k * len(sizes))
