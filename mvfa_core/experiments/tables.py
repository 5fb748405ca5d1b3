"""The paper's numbers, in per cent of the held-out pictures. Table 1 stands in the catalogue of datasets."""

from __future__ import annotations

from collections.abc import Mapping

from mvfa_core.data.catalogue import CATALOGUE, MODELS

_NAMES = {"vgg16": "VGG16", "resnet": "ResNet", "resnext": "ResNeXt", "mobilenet": "MobileNet"}


def paper_name(model: str) -> str:
    """ "resnet41_mfa" as the paper writes it, "ResNet41_MFA"."""
    backbone, _, pooling = model.rpartition("_")
    stem = next(name for name in sorted(_NAMES, key=len, reverse=True) if backbone.startswith(name))
    return f"{_NAMES[stem]}{backbone.removeprefix(stem)}_{pooling.upper()}"


TABLE1: dict[str, dict[str, float]] = {
    paper_name(model): {data: entry.accuracy[model] for data, entry in CATALOGUE.items()} for model in MODELS
}

TABLE2_DATA = ("caltech101", "aid", "indoor67")
TABLE3_DATA = ("imagenette", "indoor67", "action40", "ucmerced")


def _row(data: tuple[str, ...], numbers: str) -> dict[str, float]:
    return dict(zip(data, map(float, numbers.split()), strict=True))


TABLE2: Mapping[str, Mapping[str, float]] = {
    "VGG16_GAP": _row(TABLE2_DATA, "70.42 87.61 68.25"),
    "VGG16_SE_GAP": _row(TABLE2_DATA, "70.96 88.44 68.75"),
    "VGG16_CBAM_GAP": _row(TABLE2_DATA, "71.53 89.37 69.24"),
    "VGG16_SK_GAP": _row(TABLE2_DATA, "71.25 89.63 69.08"),
    "VGG16_GC_GAP": _row(TABLE2_DATA, "71.87 90.04 69.51"),
    "VGG16_mixup_GAP": _row(TABLE2_DATA, "71.55 89.50 69.67"),
    "VGG16_cutout_GAP": _row(TABLE2_DATA, "70.90 88.25 69.14"),
    "VGG16_cutmix_GAP": _row(TABLE2_DATA, "72.10 90.16 70.03"),
    "VGG16_MFA": _row(TABLE2_DATA, "76.05 94.55 75.27"),
}

TABLE3: Mapping[str, Mapping[str, float]] = {
    "GAP": _row(TABLE3_DATA, "82.04 68.25 53.21 90.95"),
    "K=20": _row(TABLE3_DATA, "86.27 73.51 58.24 94.52"),
    "K=30": _row(TABLE3_DATA, "87.62 74.34 59.36 95.33"),
    "K=40": _row(TABLE3_DATA, "88.13 74.89 59.98 96.02"),
    "K=50": _row(TABLE3_DATA, "88.45 75.27 60.36 96.67"),
    "K=60": _row(TABLE3_DATA, "88.72 75.55 60.68 97.05"),
}
