"""A folder of weights: four graphs, a tokeniser, what was taught, how scores become probabilities, and a model card.

encoder.onnx mentions.onnx pairs.onnx labels.onnx     see graph.py
tokenizer.json
properties.tsv      key, label, aliases, domain, range of every property taught, in the order of their corrections
calibration.json    see calibration.py
README.md           the model card
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kgbuild.compact.calibration import Calibration, read_calibration
from kgbuild.compact.catalogue import TrainedProperty, read_properties
from kgbuild.compact.encoding import encode
from kgbuild.errors import WeightsError

SHIPPED = Path(__file__).parent / "weights" / "base"
"""The weights in the package."""

Part = TypeVar("Part")

_WORDS = ("states", "first", "last", "starts", "ends")
GRAPHS = {
    "encoder": ("pieces", "shapes"),
    "mentions": _WORDS,
    "pairs": (*_WORDS, "subjects", "objects", "left", "right", "distance", "labels", "biases", "classes"),
    "labels": ("states", "own"),
}
"""What each graph asks for."""
FILES = (*(f"{graph}.onnx" for graph in GRAPHS), "tokenizer.json", "properties.tsv", "calibration.json")


@dataclass(frozen=True, eq=False)
class Weights:
    """Open weights. digest: of every file but the model card. Sessions use one thread, so that equal text gives equal scores."""

    folder: Path
    digest: str
    properties: tuple[TrainedProperty, ...]
    calibration: Calibration
    tokenizer: Tokenizer
    encoder: onnxruntime.InferenceSession
    mentions: onnxruntime.InferenceSession
    pairs: onnxruntime.InferenceSession
    labels: onnxruntime.InferenceSession

    def states(self, pieces: NDArray[np.int64], shapes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read the pieces of one sentence: (T,) -> (T, D)."""
        states: NDArray[np.float32] = self.encoder.run(None, {"pieces": pieces, "shapes": shapes})[0]
        return states

    def label_state(self, text: str) -> NDArray[np.float32]:
        """Read a label: the mean of its states between the markers, (D,)."""
        sentence = encode(text, self.tokenizer)[0]
        mean: NDArray[np.float32] = self.states(sentence.pieces, sentence.shapes)[1:-1].mean(axis=0)
        return mean


def open_weights(folder: Path | None = None) -> Weights:
    """Open a folder of weights, the shipped ones by default. Opening the same files twice gives the same object."""
    folder = SHIPPED if folder is None else folder
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise WeightsError(
            folder, f"not a folder of weights: {', '.join(missing)} missing", "Name a folder that kgbuild train wrote"
        )
    stamp = tuple((folder / name).stat().st_mtime_ns for name in FILES)
    return _open(folder.resolve(), stamp)


@cache
def _open(folder: Path, stamp: tuple[int, ...]) -> Weights:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong with a file is said in our words, once

    def session(path: Path) -> onnxruntime.InferenceSession:
        opened = onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
        if tuple(asked.name for asked in opened.get_inputs()) != GRAPHS[path.stem]:
            raise ValueError("holds another graph")
        return opened

    tokenizer = _read(folder / "tokenizer.json", lambda path: Tokenizer.from_file(os.fspath(path)))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    sessions = {name: _read(folder / f"{name}.onnx", session) for name in GRAPHS}
    properties = _read(folder / "properties.tsv", lambda path: _fitting(read_properties(path), sessions["labels"]))
    return Weights(
        folder, digest.hexdigest(), properties, _read(folder / "calibration.json", read_calibration), tokenizer, **sessions
    )


def _fitting(properties: tuple[TrainedProperty, ...], labels: onnxruntime.InferenceSession) -> tuple[TrainedProperty, ...]:
    """Raise ValueError unless there is one correction for each property, and one more for those never taught."""
    width = labels.get_inputs()[0].shape[-1]

    def has(number: int) -> bool:
        try:
            labels.run(None, {"states": np.zeros((1, width), np.float32), "own": np.array([number])})
        except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
            return False
        return True

    if not has(len(properties)) or has(len(properties) + 1):
        raise ValueError(f"names {len(properties)} properties, and labels.onnx was taught others")
    return properties


def _read(path: Path, parse: Callable[[Path], Part]) -> Part:
    try:
        return parse(path)
    except Exception as error:  # tokenizers and onnxruntime raise nothing narrower for a damaged file
        told = " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__
        raise WeightsError(path, f"is damaged or of another version ({told})", "Train or copy the weights again") from error
