"""Weights that were read, once: of a file or of a folder with a configuration; and the network that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mvfa_core.adoption.architectures import architecture_of
from mvfa_core.adoption.folders import blueprint_of, from_folder, weights_in
from mvfa_core.adoption.sources import Blueprint, Source, build, known_preprocessing, parsed
from mvfa_core.adoption.weights import fill, sized
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError, read_weights
from mvfa_core.weights.state_dicts import Contents, contents_of, whole_model


@dataclass(frozen=True)
class Weights:
    """Weights in memory.

    Attributes:
        shown: the name of their file, for sentences.
        folder: where they lie beside a configuration that says what to build; None for a bare file.
    """

    shown: str
    contents: Contents
    folder: Path | None = None

    def network(self, architecture: str | None) -> Blueprint | None:
        """The network that they are said to be of: by whoever brings them, or by the configuration beside them.

        Raises:
            WeightsError: there is no such network. ValueError: a configuration that describes no classifier.
        """
        if self.folder is not None:
            return blueprint_of(self.folder)
        return parsed(architecture) if architecture else None


def read(place: Path) -> Weights:
    """The weights of a file, or of a folder of timm or transformers.

    Raises:
        WeightsError: no weights there, or they cannot be read.
    """
    file = weights_in(place) if place.is_dir() else place
    return Weights(visible(file.name), contents_of(read_weights(file)), place if place.is_dir() else None)


def source_of(weights: Weights, architecture: str | None) -> Source:
    """The network with these values, and what is known of it.

    Raises:
        WeightsError: they fit no architecture or several, or not the one that was named or configured.
    """
    if weights.folder is not None:
        return from_folder(weights.folder, weights.contents, weights.shown)
    contents = weights.contents
    if not contents.tensors and (name := whole_model(contents)) is not None:
        raise WeightsError(
            f"{weights.shown}: holds a whole pickled model, {visible(name)}, which only its own program can open; "
            "save its weights alone there: torch.save(model.state_dict(), FILE)"
        )
    named, others = (parsed(architecture), ()) if architecture else architecture_of(contents, weights.shown)
    blueprint = sized(named, contents)
    network = build(blueprint)
    fill(network, contents, weights.shown, str(blueprint))
    note = (f"taken for {named}; {', '.join(others)} would have the same tensors: --architecture decides",)
    preprocessing = known_preprocessing(blueprint, network)
    return Source(network, weights.shown, blueprint, preprocessing, notes=note if others else ())
