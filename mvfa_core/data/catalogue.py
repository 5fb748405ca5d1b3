"""The paper's ten datasets and the drawn one: a readable dict of what is known about each.

The paper leaves their description to a supplement that is not public. Where the authors of a dataset made a split, it
is used; elsewhere `Split` says what is done here, and `split_note` why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mvfa_core.data import classes as known
from mvfa_core.data.sets import DataError
from mvfa_core.names import visible

SYNTHETIC = "synthetic"

MODELS = (
    "vgg16_gap", "vgg16_mfa", "resnet50_gap", "resnet41_gap", "resnet41_mfa", "resnext50_gap", "resnext41_gap",
    "resnext41_mfa", "mobilenet_gap", "mobilenet24_gap", "mobilenet24_mfa",
)  # fmt: skip
"""The rows of Table 1, in its order."""


@dataclass(frozen=True)
class Split:
    """How class folders are divided, by a seed: so many pictures of every class to train on, or to hold out; with
    neither, a part of every class is held out. Without `train_each` the rest trains, without `val_each` it is held out.
    """

    train_each: int | None = None
    val_each: int | None = None
    val_part: float = 0.2


@dataclass(frozen=True)
class Remote:
    """A file that the authors or a library offer. `checksum` is "algorithm:hex"; size in bytes."""

    url: str
    checksum: str | None = None
    size: int | None = None

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Entry:
    """One dataset.

    Attributes:
        paper: its name in the paper's tables.
        classes: class folder -> number of pictures, None where it is not published; empty where the folders vary.
        class_count, pictures: C, and all pictures there are in these classes.
        train, val: pictures of each side with the official split, or with `split`; None where it is not published.
        official: the split comes with the data, as image lists or as train/ and val/ folders, and is required.
        split: what is done with plain class folders.
        layout: the folders, in words.
        inside: what may also lie beside the class folders and is no class.
        instructions: how to get it by hand.
        iterations: the paper's training steps.
        accuracy: Table 1's per cent by model.
    """

    title: str
    paper: str
    classes: Mapping[str, int | None]
    class_count: int
    pictures: int
    train: int | None
    val: int | None
    split_note: str
    layout: str
    page: str
    terms: str
    citation: str
    instructions: str = ""
    official: bool = False
    split: Split = Split()
    inside: tuple[str, ...] = ()
    remotes: tuple[Remote, ...] = ()
    iterations: int | None = None
    accuracy: Mapping[str, float] = field(default_factory=dict)


def _table1(row: str) -> dict[str, float]:
    return dict(zip(MODELS, map(float, row.split()), strict=True))


CATALOGUE: dict[str, Entry] = {
    "imagenette": Entry(
        title="Imagenette (version 2, 320 px)", paper="Imagenette", classes=known.IMAGENETTE, class_count=10,
        pictures=13_394, train=9_469, val=3_925, official=True,
        split_note="official: train/ and val/; the paper does not say which of the two versions it used",
        layout="{train,val}/<wnid>/*.JPEG", page="https://github.com/fastai/imagenette",
        terms="ImageNet's: non-commercial research",
        citation="Howard: Imagenette (2019), a subset of Deng et al.: ImageNet (CVPR 2009)",
        remotes=(Remote("https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz",
                        "md5:3df6f0d01a2c9592104656642f5e78a3", 341_663_724),),
        iterations=20_000,
        accuracy=_table1("82.04 88.45 83.66 82.47 88.60 84.10 82.79 88.86 81.26 80.60 87.55"),
    ),
    "caltech101": Entry(
        title="Caltech 101", paper="Caltech101", classes=known.CALTECH101, class_count=101, pictures=8_677,
        train=None, val=None, inside=("BACKGROUND_Google",),
        split_note="ours: a seeded fifth of every class held out; no split is official, and the common 30 pictures a "
        "class would leave 3,030 to train on; BACKGROUND_Google is no class",
        layout="101_ObjectCategories/<class>/*.jpg", page="https://data.caltech.edu/records/mzrjq-6wc02",
        terms="CC BY 4.0", citation="Fei-Fei, Fergus, Perona: Learning generative visual models (CVPR workshop 2004)",
        remotes=(Remote("https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
                        "md5:3138e1922a9193bfa496528edbbc45d0"),),
        iterations=20_000,
        accuracy=_table1("70.42 76.05 71.84 70.75 76.19 72.65 71.54 76.78 70.26 69.78 75.74"),
    ),
    "corel5k": Entry(
        title="Corel 5k", paper="Core5k", classes={}, class_count=50, pictures=5_000, train=4_500, val=499,
        split=Split(val_part=0.1),
        split_note="corel5k_train_list.txt and corel5k_test_list.txt (4,500 and 499) where they are there; else ours: "
        "a seeded tenth of every class held out; a class is one of the 50 photo CDs",
        layout="<CD>/*.jpeg, with or without the two lists beside the folders",
        page="http://kobus.ca/research/data/eccv_2002/",
        terms="Corel stock photographs; no licence to pass them on is known",
        citation="Duygulu, Barnard, de Freitas, Forsyth: Object recognition as machine translation (ECCV 2002)",
        instructions="The page holds word annotations, not the photographs. Take a copy of Corel 5k that your "
        "institution may use: 50 folders of 100 pictures, one for each CD (named by its number, such as 1000).",
        iterations=20_000,
        accuracy=_table1("54.31 70.74 54.55 52.72 69.84 56.20 55.66 71.48 53.86 51.77 69.31"),
    ),
    "scene15": Entry(
        title="Fifteen Scene Categories", paper="Scene15", classes=known.SCENE15, class_count=15, pictures=4_485,
        train=1_500, val=2_985, split=Split(train_each=100),
        split_note="the authors' protocol: 100 pictures of every class at random to train on, the rest held out",
        layout="<class>/*.jpg", page="https://figshare.com/articles/dataset/15-Scene_Image_Dataset/7007177",
        terms="see the page; collected for research",
        citation="Lazebnik, Schmid, Ponce: Beyond bags of features (CVPR 2006)",
        instructions="Download the archive from the page. Some copies name the folders otherwise (00 to 14, or without "
        "MIT, CAL and PAR): rename them as `data check` says.",
        iterations=10_000,
        accuracy=_table1("80.86 85.53 81.41 80.17 85.00 83.18 81.84 86.29 80.24 79.34 84.97"),
    ),
    "indoor67": Entry(
        title="MIT Indoor Scenes 67", paper="Indoor67", classes=known.INDOOR67, class_count=67, pictures=15_620,
        train=5_360, val=1_340, official=True,
        split_note="official: TrainImages.txt and TestImages.txt, about 80 and 20 pictures a class; the other 8,920 "
        "pictures are not used",
        layout="Images/<class>/*.jpg with TrainImages.txt and TestImages.txt",
        page="https://web.mit.edu/torralba/www/indoor.html", terms="research purposes only",
        citation="Quattoni, Torralba: Recognizing indoor scenes (CVPR 2009)",
        remotes=(Remote("http://groups.csail.mit.edu/vision/LabelMe/NewImages/indoorCVPR_09.tar",
                        "sha1:0b252516e746ba428b96af408d2e8162d9b08ac5"),
                 Remote("http://web.mit.edu/torralba/www/TrainImages.txt"),
                 Remote("http://web.mit.edu/torralba/www/TestImages.txt")),
        iterations=40_000,
        accuracy=_table1("68.25 75.27 70.14 68.90 75.59 71.26 69.95 76.38 67.79 66.96 74.53"),
    ),
    "action40": Entry(
        title="Stanford 40 Actions", paper="Action40", classes=known.ACTION40, class_count=40, pictures=9_532,
        train=4_000, val=5_532, official=True,
        split_note="official: ImageSplits/<class>_train.txt and _test.txt, 100 pictures a class to train on",
        layout="JPEGImages/<class>_<number>.jpg with ImageSplits/<class>_{train,test}.txt",
        page="http://vision.stanford.edu/Datasets/40actions.html", terms="see the page; collected for research",
        citation="Yao, Jiang, Khosla, Lin, Guibas, Fei-Fei: Human action recognition by learning bases of action "
        "attributes and parts (ICCV 2011)",
        instructions="Download Stanford40_JPEGImages.zip and Stanford40_ImageSplits.zip from the page; give both to "
        "--from at once.",
        iterations=30_000,
        accuracy=_table1("52.19 60.36 53.43 52.56 60.61 54.71 53.50 61.77 52.48 51.73 59.95"),
    ),
    "event8": Entry(
        title="UIUC Sports Events 8", paper="Event8", classes=known.EVENT8, class_count=8, pictures=1_579, train=1_179,
        val=400, split=Split(val_each=50),
        split_note="ours: 50 pictures of every class held out, seeded, the rest to train on; six of the eleven figures "
        "of Table 1 are whole numbers of 400 pictures. The dataset's authors train on 70 and test on 60 a class",
        layout="<class>/*.jpg", page="http://vision.stanford.edu/lijiali/event_dataset/",
        terms="see the page; collected for research",
        citation="Li, Fei-Fei: What, where and who? Classifying events by scene and object recognition (ICCV 2007)",
        instructions="Download event_dataset.rar from the page and unpack it with any RAR program (none is built in); "
        "give the folder to --from.",
        iterations=10_000,
        accuracy=_table1("80.00 85.75 81.08 79.88 85.25 82.95 81.89 87.14 80.50 79.25 84.75"),
    ),
    "ucmerced": Entry(
        title="UC Merced Land Use", paper="UCMLU", classes=known.UCMERCED, class_count=21, pictures=2_100, train=1_680,
        val=420,
        split_note="ours: a seeded fifth of every class held out, or train/ and test/ where they are there; six of the "
        "eleven figures of Table 1 are whole numbers of 420 pictures",
        layout="Images/<class>/*.tif", page="http://weegee.vision.ucmerced.edu/datasets/landuse.html",
        terms="USGS imagery, public domain; the authors ask to be cited",
        citation="Yang, Newsam: Bag-of-visual-words and spatial extensions for land-use classification (ACM GIS 2010)",
        remotes=(Remote("http://weegee.vision.ucmerced.edu/datasets/UCMerced_LandUse.zip",
                        "md5:5b7ec56793786b6dc8a908e8854ac0e4"),),
        iterations=15_000,
        accuracy=_table1("90.95 96.67 91.67 90.58 96.43 92.65 91.79 97.31 90.24 89.37 95.48"),
    ),
    "rsscn7": Entry(
        title="RSSCN7", paper="RSSCN7", classes=known.RSSCN7, class_count=7, pictures=2_800, train=2_240, val=560,
        split_note="ours: a seeded fifth of every class held out; five of the eleven figures of Table 1 are whole "
        "numbers of 560 pictures, and all are of five times 560. The dataset's authors train on one half",
        layout="<class>/*.jpg", page="https://github.com/palewithout/RSSCN7",
        terms="see the page; Google Earth imagery",
        citation="Zou, Ni, Zhang, Wang: Deep learning based feature selection for remote sensing scene classification "
        "(IEEE GRSL 2015)",
        instructions="Download the repository on the page as a zip.",
        iterations=10_000,
        accuracy=_table1("91.25 95.29 91.43 90.54 94.71 92.32 91.18 95.14 90.54 89.61 93.82"),
    ),
    "aid": Entry(
        title="Aerial Image Dataset", paper="AID", classes=known.AID, class_count=30, pictures=10_000, train=5_000,
        val=5_000, split=Split(val_part=0.5),
        split_note="the larger of the authors' two protocols: one half of every class at random to train on",
        layout="<class>/*.jpg", page="https://captain-whu.github.io/AID/", terms="see the page; Google Earth imagery",
        citation="Xia et al.: AID, a benchmark dataset for performance evaluation of aerial scene classification "
        "(IEEE TGRS 2017)",
        instructions="Download AID.zip through one of the links on the page.",
        iterations=20_000,
        accuracy=_table1("87.61 94.55 89.48 88.31 94.89 90.24 88.96 95.29 86.87 86.04 93.52"),
    ),
}  # fmt: skip


def entry_of(name: str) -> Entry:
    """The entry of a name.

    Raises:
        DataError: no such name; the message lists the known ones.
    """
    if name not in CATALOGUE:
        raise DataError(f"{visible(name)}: not in the catalogue, which has {', '.join(CATALOGUE)}")
    return CATALOGUE[name]
