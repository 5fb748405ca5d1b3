"""A visitor drops a torchvision resnet18 of her own, names its classes, and sees its views; a VGG is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from playwright.sync_api import Page, expect

from app.base.wording import wording_own_model as words
from tests.e2e.conftest import settle

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PETS = ("cat", "dog", "owl")


def weights(folder: Path, network: str) -> Path:
    """A state dict of random weights, as torch.save writes it; the large layers of a VGG are one number each."""
    with torch.random.fork_rng(), torch.device("meta" if network == "vgg11" else "cpu"):
        torch.manual_seed(3)
        tensors = torchvision.models.get_model(network, num_classes=len(PETS)).state_dict()
    if network == "vgg11":
        tensors = {key: torch.full((1,), 0.01).expand(tensor.shape) for key, tensor in tensors.items()}
    file = folder / f"{network}-pets.pth"
    torch.save(tensors, file)
    return file


def test_from_the_drop_to_the_views(visit: Visit, tmp_path: Path) -> None:
    page = visit("/")
    page.get_by_role("button", name="Use your own model").click()
    popover = page.get_by_test_id("stPopoverBody")
    popover.locator("input[type=file]").set_input_files(weights(tmp_path, "vgg11"))
    expect(popover.get_by_text("train --weights")).to_be_visible(timeout=60_000)
    expect(popover.get_by_role("button", name="Open the model")).to_have_count(0)

    popover.locator("input[type=file]").first.set_input_files(weights(tmp_path, "resnet18"))
    expect(popover.get_by_text(words.needs_classes(3))).to_be_visible(timeout=60_000)
    popover.get_by_role("textbox", name="Class names, one a line").fill("\n".join(PETS))
    popover.get_by_role("button", name="Open the model").click()
    expect(page).to_have_url(re.compile(r"[?&]model=uploaded"), timeout=60_000)
    settle(page)
    page.keyboard.press("Escape")
    page.get_by_text("About this model").click()
    expect(page.get_by_text("torchvision:resnet18", exact=True)).to_be_visible()
    expect(
        page.get_by_text(
            "Exact: it averages its last map and ends in a linear layer, so maps, views and answer are one account."
        )
    ).to_be_visible()
    for name in PETS:
        expect(page.get_by_test_id("stMain").get_by_text(name, exact=True).first).to_be_attached()

    page.get_by_role("link", name="Views", exact=True).first.click()
    settle(page)
    expect(page).to_have_url(re.compile(r"/views\?.*model=uploaded"))
    expect(page.locator("figure.panel").first).to_be_visible()
