"""The table of docs/adopt.md: architectures of timm, torchvision and transformers, and what becomes of each.

    python -m mvfa_core.adoption.table docs/adopt.json [NAME ...]     # measures those that are not in the file yet
    python -m mvfa_core.adoption.table docs/adopt.md                  # writes the table from the file beside it

Weights are random, and away from where they start: at the start many norms and layer scales change nothing, and some
heads are zero, so that a wrong account would pass.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption.adopt import adopted
from mvfa_core.adoption.anatomy import NotAdoptableError
from mvfa_core.adoption.sources import (
    TIMM,
    TORCHVISION,
    TRANSFORMERS,
    Blueprint,
    Source,
    build,
    known_preprocessing,
    torchvision_names,
)
from mvfa_core.files import parse_json

LARGEST = 150_000_000
"""Parameters of a network that is tried."""
SIDE = 224
BEGIN, END = "<!-- begin table -->", "<!-- end table -->"
TIMM_NAMES = [
    "resnet10t",
    "resnet26d",
    "resnetv2_50",
    "seresnet50",
    "skresnet18",
    "ecaresnet26t",
    "resnest14d",
    "res2net50_14w_8s",
    "gernet_s",
    "tresnet_m",
    "regnetx_002",
    "regnety_002",
    "nfnet_f0",
    "cspresnet50",
    "cspdarknet53",
    "darknet53",
    "dla34",
    "hrnet_w18_small",
    "selecsls42",
    "dpn48b",
    "vovnet39a",
    "ese_vovnet19b_dw",
    "densenet121",
    "vgg11",
    "inception_v3",
    "inception_v4",
    "xception41",
    "legacy_seresnet18",
    "repvgg_a0",
    "mobileone_s0",
    "mobilenetv1_100",
    "mobilenetv2_050",
    "mobilenetv3_small_050",
    "mobilenetv4_conv_small",
    "tf_efficientnet_lite0",
    "efficientnet_b0",
    "tf_efficientnetv2_b0",
    "mnasnet_050",
    "fbnetc_100",
    "hardcorenas_a",
    "tinynet_e",
    "lcnet_035",
    "ghostnet_050",
    "ghostnetv2_100",
    "rexnet_100",
    "efficientvit_b0",
    "efficientvit_m0",
    "repvit_m0_9",
    "starnet_s1",
    "fasternet_t0",
    "shvit_s1",
    "hgnetv2_b0",
    "convnext_atto",
    "convnextv2_atto",
    "convmixer_768_32",
    "inception_next_atto",
    "edgenext_xx_small",
    "rdnet_tiny",
    "mambaout_femto",
    "focalnet_tiny_srf",
    "poolformer_s12",
    "poolformerv2_s12",
    "convformer_s18",
    "caformer_s18",
    "mobilevit_xxs",
    "mobilevitv2_050",
    "fastvit_t8",
    "efficientformer_l1",
    "efficientformerv2_s0",
    "coatnet_nano_rw_224",
    "maxvit_rmlp_nano_rw_256",
    "swin_tiny_patch4_window7_224",
    "swinv2_tiny_window8_256",
    "swinv2_cr_tiny_ns_224",
    "hiera_tiny_224",
    "mvitv2_tiny",
    "davit_tiny",
    "nest_tiny",
    "gcvit_xxtiny",
    "nextvit_small",
    "twins_svt_small",
    "pvt_v2_b0",
    "levit_128s",
    "visformer_tiny",
    "pit_ti_224",
    "tnt_s_legacy_patch16_224",
    "coat_tiny",
    "convit_tiny",
    "crossvit_tiny_240",
    "cait_xxs24_224",
    "xcit_nano_12_p16_224",
    "vit_tiny_patch16_224",
    "vit_relpos_small_patch16_224",
    "vit_small_patch16_36x1_224",
    "deit_tiny_patch16_224",
    "deit_tiny_distilled_patch16_224",
    "deit3_small_patch16_224",
    "eva02_tiny_patch14_224",
    "volo_d1_224",
    "tiny_vit_5m_224",
    "sequencer2d_s",
    "mixer_s16_224",
    "resmlp_12_224",
    "gmlp_s16_224",
    "halonet26t",
    "botnet26t_256",
    "lambda_resnet26t",
]
TRANSFORMERS_CONFIGS: dict[str, dict[str, Any]] = {
    "resnet": {"embedding_size": 32, "hidden_sizes": [32, 64, 96, 128], "depths": [1, 1, 2, 1]},
    "regnet": {"embedding_size": 32, "hidden_sizes": [32, 64, 96, 128], "depths": [1, 1, 2, 1], "groups_width": 16},
    "convnext": {"hidden_sizes": [24, 48, 64, 96], "depths": [1, 1, 2, 1]},
    "convnextv2": {"hidden_sizes": [24, 48, 64, 96], "depths": [1, 1, 2, 1]},
    "swin": {"embed_dim": 24, "depths": [1, 1, 2, 1], "num_heads": [1, 2, 4, 8]},
    "mobilenet_v2": {},
    "efficientnet": {"width_coefficient": 0.5, "depth_coefficient": 0.5, "hidden_dim": 640},
    "vit": {"hidden_size": 96, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 192},
    "dinov2": {"hidden_size": 96, "num_hidden_layers": 3, "num_attention_heads": 3},
    "mobilevit": {},
}


def blueprints() -> list[Blueprint]:
    """All that are in the table."""
    of_torchvision = [Blueprint(TORCHVISION, name) for name in torchvision_names()]
    of_timm = [Blueprint(TIMM, name) for name in TIMM_NAMES]
    configs = [
        Blueprint(TRANSFORMERS, kind, {"config": {"model_type": kind, "num_labels": 1000, "image_size": SIDE, **sizes}})
        for kind, sizes in TRANSFORMERS_CONFIGS.items()
    ]
    return configs + of_timm + of_torchvision


def perturbed(network: nn.Module) -> nn.Module:
    """The network with every weight, scale and statistic moved from where it starts, and all of them still sane."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.mul_((0.3 * noise).exp())
            elif tensor.ndim < 2:
                tensor.mul_(1 + 0.2 * noise).add_(0.1 * torch.randn(tensor.shape, generator=generator))
            else:
                tensor.mul_(1 + 0.2 * noise).add_(0.02 * torch.randn(tensor.shape, generator=generator))
    return network


def row(blueprint: Blueprint) -> dict[str, Any]:
    """What becomes of one: its kind, the numbers of the self-test and the grid, or the sentence of refusal."""
    start = time.perf_counter()
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build(blueprint).parameters())
    told: dict[str, Any] = {"parameters": count}
    if count > LARGEST:
        return told | {"left_out": "too large for this table"}
    network = perturbed(build(blueprint))
    preprocessing = known_preprocessing(blueprint, network)
    known = Source(network, str(blueprint), blueprint, preprocessing)
    try:
        try:
            model = adopted(known, replace(preprocessing, side=SIDE))
        except NotAdoptableError as error:
            if "does not take pictures" not in str(error):
                raise
            model = adopted(known, preprocessing)
    except NotAdoptableError as error:
        return told | {"kind": "no", "why": str(error)}
    spec = model.config["adopted"]
    return told | {
        "kind": spec["anatomy"]["kind"],
        "grid": spec["grid"],
        "side": model.side,
        "self_test": spec["self_test"],
        "seconds": round(time.perf_counter() - start, 1),
    }


def measure(file: Path, names: list[str]) -> None:
    """Add to the file what it does not hold yet; it is written after every network."""
    rows = parse_json(file.read_text()) if file.is_file() else {}
    for blueprint in blueprints():
        if str(blueprint) in rows or (names and str(blueprint) not in names):
            continue
        try:
            rows[str(blueprint)] = row(blueprint)
        except Exception as error:  # of many kinds; a network that a library itself cannot build, too, is a row
            rows[str(blueprint)] = {"kind": "failed", "why": f"{type(error).__name__}: {error}"[:200]}
        file.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()) + "\n}\n")


def written(rows: dict[str, dict[str, Any]]) -> str:
    """The table in Markdown."""
    lines = ["| network | kind | view of the whole map | mean of G | grid | px |", "|---|---|---:|---:|---|---:|"]
    for name, told in rows.items():
        if "self_test" in told:
            test = told["self_test"]
            whole = "" if test["whole_view"] is None else f"{test['whole_view']:.0e}"
            high, wide = told["grid"]
            lines.append(f"| `{name}` | {told['kind']} | {whole} | {test['mean_of_maps']:.0e} | {high} x {wide} | "
                         f"{told['side']} |")  # fmt: skip
        elif told.get("kind") == "no":
            why = told["why"].removeprefix("this network cannot be adopted: ").partition(". Its backbone")[0]
            lines.append(f"| `{name}` | no | {why} | | | |")
    return "\n".join(lines)


def write(page: Path) -> None:
    """Put the table between its two marks in the page."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = parse_json(page.with_suffix(".json").read_text())
    page.write_text(f"{before}{BEGIN}\n\n{written(rows)}\n\n{END}{after}")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if place.suffix == ".json":
        measure(place, sys.argv[2:])
    else:
        write(place)
