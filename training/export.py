"""Makes the file that the package ships: `python -m training.export --weights best.safetensors`.

Weights are stored as halves and widened once when the file is opened: half the size, computed in single precision.
"""

import argparse
import io
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors import safe_open

from mangaflux.engine.lite.prior_values import CELL
from training.model import ColourMatcher, Shape
from training.train import LEAST_HALVED, load_weights

_OPSET = 17
_INPUTS = {
    "page": {2: "height", 3: "width"},
    "references": {1: "references", 3: "reference_height", 4: "reference_width"},
    "shown": {1: "references", 2: "reference_rows", 3: "reference_columns"},
    "values": {1: "places", 2: "channels"},
}
_OUTPUTS = {"carried": {1: "channels", 2: "rows", 3: "columns"}, "trust": {2: "rows", 3: "columns"}}


def read_network(weights: Path) -> ColourMatcher:
    """The network of a weights file, ready to be asked."""
    with safe_open(weights, "pt") as file:
        shape: dict[str, Any] = json.loads(file.metadata()["shape"])
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in shape.items()}
    network = ColourMatcher(Shape(**values))
    load_weights(network, weights)
    return network.eval()


def export(network: ColourMatcher, out: Path) -> None:
    """Writes an ONNX file whose sides, number of references and channels of values are open."""
    stream = io.BytesIO()
    # The newer exporter needs a package more and gives the same graph; the older one says at every call that it is old.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            example_inputs(),
            stream,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=_OPSET,
            input_names=list(_INPUTS),
            output_names=list(_OUTPUTS),
            dynamic_axes=_INPUTS | _OUTPUTS,
        )
    model = onnx.load_from_string(stream.getvalue())
    _store_as_halves(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, out)


def example_inputs(height: int = 128, width: int = 96, references: int = 2) -> tuple[torch.Tensor, ...]:
    """Random inputs of the right shapes."""
    rows, columns = 96 // CELL, 64 // CELL
    generator = torch.Generator().manual_seed(0)
    return (
        torch.rand(1, 1, height, width, generator=generator),
        torch.rand(1, references, 3, 96, 64, generator=generator),
        torch.ones(1, references, rows, columns),
        torch.rand(1, references * rows * columns, 5, generator=generator),
    )


def _store_as_halves(graph: onnx.GraphProto) -> None:
    """Every large float constant becomes a half that a Cast widens; the runtime folds the casts when it opens."""
    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < LEAST_HALVED:
            continue
        name = constant.name
        halves = numpy_helper.to_array(constant).astype(np.float16)
        constant.CopyFrom(numpy_helper.from_array(halves, f"{name}_half"))
        casts.append(helper.make_node("Cast", [constant.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def main(argv: Sequence[str] | None = None) -> None:
    """Exports a weights file."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    default = Path(__file__).parents[1] / "mangaflux" / "engine" / "lite" / "prior.onnx"
    parser.add_argument("--out", type=Path, default=default, help="the package's own by default")
    args = parser.parse_args(argv)
    export(read_network(args.weights), args.out)
    print(f"{args.out.stat().st_size / 2**20:.1f} MiB in {args.out}")


if __name__ == "__main__":
    main()
