"""A file of weights, and the network that it is of."""

from __future__ import annotations

from pathlib import Path

from mvfa_core.adoption.architectures import architecture_of
from mvfa_core.adoption.sources import Source, build, known_preprocessing, parsed
from mvfa_core.adoption.weights import fill, sized
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError, read_weights
from mvfa_core.weights.state_dicts import contents_of, whole_model


def from_file(file: Path, architecture: str | None) -> Source:
    """Weights in a file, in the network that they are of.

    Raises:
        WeightsError: the file cannot be read, fits no architecture or several, or not the one that was named.
    """
    contents = contents_of(read_weights(file))
    if not contents.tensors and (name := whole_model(contents)) is not None:
        raise WeightsError(
            f"{visible(file.name)}: holds a whole pickled model, {visible(name)}, which only its own program can open; "
            "save its weights alone there: torch.save(model.state_dict(), FILE)"
        )
    named, others = (parsed(architecture), ()) if architecture else architecture_of(contents, visible(file.name))
    blueprint = sized(named, contents)
    network = build(blueprint)
    fill(network, contents, visible(file.name), str(blueprint))
    note = (f"taken for {named}; {', '.join(others)} would have the same tensors: --architecture decides",)
    preprocessing = known_preprocessing(blueprint, network)
    return Source(network, visible(file.name), blueprint, preprocessing, notes=note if others else ())
