"""Weights to ONNX and back: the arithmetic of `network.py`, written out operator by operator.

    encoder.onnx    word pieces -> states; its matrices as 8-bit integers, one scale a column (a row for word vectors)
    mentions.onnx   states -> a score for each run of words
    pairs.onnx      states, spans, label vectors -> a score for each pair and property, and for each span and class
    labels.onnx     label states -> label vectors

Each graph reads one sentence. So a sentence's scores cannot depend on the others of a batch, which the activation scales of a
padded batch would make them do. The 8-bit matrices are also what training starts from: there is no second copy.
Weights stay within -63..63, since processors without VNNI add pairs of 8-bit products in 16 bits and would overflow.

A matrix's inputs share one scale, and a few of them reach far beyond all others: at the first marker one is 28 where no word has
more than 9. Such an input is divided before it is rounded, and its weights multiplied (Xiao et al., "SmoothQuant", 2023).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from kgbuild.compact.encoding import Sentence
from kgbuild.compact.network import FROZEN_LAYERS, HEADS, LAYERS, D, H

OPSET = 20
LARGEST = 63

REACHES_FAR = 2.5
"""An input is divided where its largest value is above this many times that of the middle one of its matrix."""

Arrays = Mapping[str, NDArray[np.float32]]
Easing = Mapping[str, NDArray[np.float32]]
"""By matrix, what each of its inputs is multiplied by before it is rounded: 1, or less where it reaches far."""


def quantised(matrix: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round a matrix to -63..63 times one scale for each place along `axis`."""
    largest = np.abs(matrix).max(axis=1 - axis, keepdims=True)
    scale = np.maximum(largest, 1e-8) / LARGEST
    return np.rint(matrix / scale).astype(np.int8), scale.astype(np.float32).reshape(-1)


class _Graph:
    """Operators and weights of one graph in the making. Each method adds one operator and returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._constants: dict[tuple[str, bytes], str] = {}

    def op(self, kind: str, *inputs: str, result: str = "", domain: str = "", **attributes: object) -> str:
        result = result or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], domain=domain, **attributes))
        return result

    def weight(self, name: str, values: NDArray[np.generic]) -> str:
        self.weights.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def constant(self, values: object, kind: type = np.int64) -> str:
        array: NDArray[np.generic] = np.array(values, dtype=kind)
        key = (str(array.dtype) + str(array.shape), array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.weight(f"constant_{len(self._constants)}", array)
        return self._constants[key]

    def linear(self, states: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None = None) -> str:
        product = self.op("MatMul", states, self.weight(f"{name}.weight", weight.T))
        return product if bias is None else self.op("Add", product, self.weight(f"{name}.bias", bias))

    def linear_8bit(
        self, states: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32], ease: NDArray[np.float32]
    ) -> str:
        values, scale = quantised((weight / ease).T.copy(), axis=1)
        if (ease < 1).any():
            states = self.op("Mul", states, self.weight(f"{name}.ease", ease))
        return self.op(
            "DynamicQuantizeMatMul",
            states,
            self.weight(f"{name}.weight", values),
            self.weight(f"{name}.scale", scale),
            self.weight(f"{name}.zero", np.zeros(len(scale), np.int8)),
            self.weight(f"{name}.bias", bias),
            domain="com.microsoft",
        )

    def norm(self, states: str, name: str, arrays: Arrays) -> str:
        scale, bias = (self.weight(f"{name}.{part}", arrays[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", states, scale, bias, epsilon=1e-12)

    def running(self, values: str) -> str:
        """Running sums over the first axis, beginning with zero."""
        padded = self.op("Pad", values, self.constant([1, 0, 0, 0]))
        return self.op("CumSum", padded, self.constant(0))

    def mean(self, running: str, starts: str, ends: str) -> str:
        """Means of the rows `starts` to `ends`, both included, out of running sums."""
        after = self.op("Add", ends, self.constant(1))
        total = self.op("Sub", self.op("Gather", running, after), self.op("Gather", running, starts))
        count = self.op("Cast", self.op("Sub", after, starts), to=TensorProto.FLOAT)
        return self.op("Div", total, self.op("Unsqueeze", count, self.constant([1])))

    def word_states(self) -> tuple[str, str, str]:
        """States of each word's first piece, of its last piece, and their mean."""
        first, last = self.op("Gather", "states", "first"), self.op("Gather", "states", "last")
        return first, last, self.op("Mul", self.op("Add", first, last), self.constant(0.5, np.float32))

    def model(self, inputs: Iterable[onnx.ValueInfoProto], outputs: Iterable[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "compact", list(inputs), list(outputs), self.weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="kgbuild")


def _integers(name: str, *shape: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, list(shape))


def _floats(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def encoder(arrays: Arrays, easing: Easing | None) -> onnx.ModelProto:
    """Write the encoder. easing: None keeps its matrices in 32 bits."""
    g = _Graph()

    def linear(states: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        return g.linear(states, name, weight, bias) if easing is None else g.linear_8bit(states, name, weight, bias, easing[name])

    if easing is not None:
        rows, scale = quantised(arrays["words.weight"], axis=0)
        vectors = g.op("Cast", g.op("Gather", g.weight("words.weight", rows), "pieces"), to=TensorProto.FLOAT)
        scales = g.op("Gather", g.weight("words.scale", scale), "pieces")
        vectors = g.op("Mul", vectors, g.op("Unsqueeze", scales, g.constant([1])))
    else:
        vectors = g.op("Gather", g.weight("words.weight", arrays["words.weight"]), "pieces")
    count = g.op("Shape", "pieces")
    places = g.op("Slice", g.weight("positions.weight", arrays["positions.weight"]), g.constant([0]), count, g.constant([0]))
    states = g.norm(g.op("Add", vectors, places), "after_embedding", arrays)
    for number in range(LAYERS):
        name = f"layers.{number}"
        if number == FROZEN_LAYERS:
            states = g.op("Add", states, g.op("Gather", g.weight("shape.weight", arrays["shape.weight"]), "shapes"))
        parts = ("query", "key", "value")
        weight = np.concatenate([arrays[f"{name}.{part}.weight"] for part in parts])
        bias = np.concatenate([arrays[f"{name}.{part}.bias"] for part in parts])
        joint = g.op("Reshape", linear(states, f"{name}.attention", weight, bias), g.constant([0, 3, HEADS, D // HEADS]))
        joint = g.op("Transpose", joint, perm=[1, 2, 0, 3])
        query, key, value = (g.op("Gather", joint, g.constant(part)) for part in range(3))
        match = g.op("MatMul", query, g.op("Transpose", key, perm=[0, 2, 1]))
        match = g.op("Softmax", g.op("Mul", match, g.constant((D // HEADS) ** -0.5, np.float32)))
        mixed = g.op("Transpose", g.op("MatMul", match, value), perm=[1, 0, 2])
        mixed = g.op("Reshape", mixed, g.constant([0, D]))
        mixed = linear(mixed, f"{name}.out", arrays[f"{name}.out.weight"], arrays[f"{name}.out.bias"])
        states = g.norm(g.op("Add", states, mixed), f"{name}.after_attention", arrays)
        inner = g.op("Gelu", linear(states, f"{name}.up", arrays[f"{name}.up.weight"], arrays[f"{name}.up.bias"]))
        inner = linear(inner, f"{name}.down", arrays[f"{name}.down.weight"], arrays[f"{name}.down.bias"])
        states = g.norm(g.op("Add", states, inner), f"{name}.after_inner", arrays)
    g.op("Identity", states, result="states")
    return g.model([_integers("pieces", "T"), _integers("shapes", "T")], [_floats("states", "T", D)])


def mentions(arrays: Arrays) -> onnx.ModelProto:
    """Write the mention scorer. starts, ends: first and last word of each run."""
    g = _Graph()
    first, last, middle = g.word_states()
    at_start = g.op(
        "Gather", g.linear(first, "mention_first", arrays["mention_first.weight"], arrays["mention_first.bias"]), "starts"
    )
    at_end = g.op("Gather", g.linear(last, "mention_last", arrays["mention_last.weight"]), "ends")
    inside = g.mean(g.running(g.linear(middle, "mention_inside", arrays["mention_inside.weight"])), "starts", "ends")
    width = g.op("Gather", g.weight("mention_width.weight", arrays["mention_width.weight"]), g.op("Sub", "ends", "starts"))
    hidden = g.op("Relu", g.op("Add", g.op("Add", at_start, at_end), g.op("Add", inside, width)))
    scores = g.linear(hidden, "mention_out", arrays["mention_out.weight"], arrays["mention_out.bias"])
    g.op("Squeeze", scores, g.constant([1]), result="scores")
    inputs = [_floats("states", "T", D), *(_integers(name, "W") for name in ("first", "last"))]
    return g.model([*inputs, _integers("starts", "S"), _integers("ends", "S")], [_floats("scores", "S")])


def pairs(arrays: Arrays) -> onnx.ModelProto:
    """Write the pair scorer.

    starts, ends: words of each span; subjects, objects: numbers of the spans of each pair; left, right: the words between them,
    both included (right < left: none); distance: bucket of their distance; labels, biases: one row for each property; classes.
    """
    g = _Graph()
    first, last, middle = g.word_states()
    at_start = g.op("Gather", g.linear(first, "role_first", arrays["role_first.weight"], arrays["role_first.bias"]), "starts")
    at_end = g.op("Gather", g.linear(last, "role_last", arrays["role_last.weight"]), "ends")
    inside = g.mean(g.running(g.linear(middle, "role_inside", arrays["role_inside.weight"])), "starts", "ends")
    width = g.op("Gather", g.weight("role_width.weight", arrays["role_width.weight"]), g.op("Sub", "ends", "starts"))
    roles = g.op("Add", g.op("Add", at_start, at_end), g.op("Add", inside, width))
    as_subject = g.op("Slice", roles, g.constant([0]), g.constant([H]), g.constant([1]))
    as_object = g.op("Slice", roles, g.constant([H]), g.constant([2 * H]), g.constant([1]))

    between = g.running(g.linear(middle, "between", arrays["between.weight"]))
    after = g.op("Add", "right", g.constant(1))
    total = g.op("Sub", g.op("Gather", between, after), g.op("Gather", between, "left"))
    count = g.op("Max", g.op("Cast", g.op("Sub", after, "left"), to=TensorProto.FLOAT), g.constant(1, np.float32))
    context = g.op("Div", total, g.op("Unsqueeze", count, g.constant([1])))
    distance = g.op("Gather", g.weight("distance.weight", arrays["distance.weight"]), "distance")
    hidden = g.op("Add", g.op("Gather", as_subject, "subjects"), g.op("Gather", as_object, "objects"))
    hidden = g.op("Relu", g.op("Add", hidden, g.op("Add", context, distance)))
    deeper = g.op("Relu", g.linear(hidden, "pair", arrays["pair.weight"], arrays["pair.bias"]))
    hidden = g.op("Add", hidden, deeper)

    labels = g.op("Transpose", "labels", perm=[1, 0])
    by_pair, by_subject, by_object = (
        g.op("Slice", labels, g.constant([part * H]), g.constant([part * H + H]), g.constant([0])) for part in range(3)
    )
    subject_scores = g.op("MatMul", g.op("Relu", as_subject), by_subject)
    object_scores = g.op("MatMul", g.op("Relu", as_object), by_object)
    scores = g.op("Add", g.op("MatMul", hidden, by_pair), g.op("Gather", subject_scores, "subjects"))
    scores = g.op("Add", scores, g.op("Gather", object_scores, "objects"))
    g.op("Add", g.op("Mul", scores, g.constant(H**-0.5, np.float32)), "biases", result="scores")

    kind = g.linear(g.op("Relu", roles), "kind", arrays["kind.weight"], arrays["kind.bias"])
    kinds = g.op("MatMul", kind, g.op("Transpose", "classes", perm=[1, 0]))
    g.op("Mul", kinds, g.constant(H**-0.5, np.float32), result="kinds")
    inputs = [_floats("states", "T", D), *(_integers(name, "W") for name in ("first", "last"))]
    inputs += [_integers("starts", "N"), _integers("ends", "N")]
    inputs += [_integers(name, "K") for name in ("subjects", "objects", "left", "right", "distance")]
    inputs += [_floats("labels", "P", 3 * H), _floats("biases", "P"), _floats("classes", "C", H)]
    return g.model(inputs, [_floats("scores", "K", "P"), _floats("kinds", "N", "C")])


def labels(arrays: Arrays) -> onnx.ModelProto:
    """Write the label tower. own: number of the property's own correction, or the count of corrections for none."""
    g = _Graph()
    vectors = g.linear("states", "label", arrays["label.weight"], arrays["label.bias"])
    own = g.weight("own.weight", np.pad(arrays["own.weight"], ((0, 1), (0, 0))))
    g.op("Add", vectors, g.op("Gather", own, "own"), result="labels")
    own_bias = g.weight("own_bias.weight", np.pad(arrays["own_bias.weight"][:, 0], (0, 1)) + arrays["bias"])
    g.op("Gather", own_bias, "own", result="biases")
    g.op("Identity", g.linear("states", "class_label", arrays["class_label.weight"], arrays["class_label.bias"]), result="classes")
    outputs = [_floats("labels", "P", 3 * H), _floats("biases", "P"), _floats("classes", "P", H)]
    return g.model([_floats("states", "P", D), _integers("own", "P")], outputs)


def easing_for(arrays: Arrays, sentences: Sequence[Sentence]) -> Easing:
    """Find the inputs that reach far, by reading sentences in 32 bits. A few dozen do: what reaches far does so in any text."""
    model = encoder(arrays, easing=None)
    inputs = {
        node.input[1].removesuffix(".weight"): node.input[0]
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1].endswith(".weight")
    }
    read_as = sorted(set(inputs.values()))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in read_as)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = {name: np.zeros(1, np.float32) for name in read_as}
    for sentence in sentences:
        read = session.run(read_as, {"pieces": sentence.pieces, "shapes": sentence.shapes})
        for name, states in zip(read_as, read, strict=True):
            largest[name] = np.maximum(largest[name], np.abs(states).max(axis=0))

    def ease(reach: NDArray[np.float32]) -> NDArray[np.float32]:
        factors: NDArray[np.float32] = np.minimum(REACHES_FAR * np.median(reach) / np.maximum(reach, 1e-8), 1)
        return factors

    return {matrix: ease(largest[name]) for matrix, name in inputs.items()}


def write(arrays: Arrays, folder: Path, easing: Easing | None) -> None:
    """Write the four graphs. easing: None keeps the encoder's matrices in 32 bits, to measure what rounding costs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in (
        ("encoder", encoder(arrays, easing)),
        ("mentions", mentions(arrays)),
        ("pairs", pairs(arrays)),
        ("labels", labels(arrays)),
    ):
        onnx.checker.check_model(model, full_check=False)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def read(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Read the arrays back under the names they have in `network.py`, 8-bit matrices multiplied out."""
    stored: dict[str, NDArray[np.generic]] = {}
    for name in ("encoder", "mentions", "pairs", "labels"):
        stored |= _stored(folder / f"{name}.onnx")
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, value in stored.items():
        if name.startswith("constant_") or name.endswith((".scale", ".zero", ".ease")):
            continue
        values = value.astype(np.float32)
        matrix = name.removesuffix(".weight")
        if f"{matrix}.scale" in stored and name.endswith(".weight"):
            scale = stored[f"{matrix}.scale"].astype(np.float32)
            values = values * (scale[:, None] if name == "words.weight" else scale)
        if f"{matrix}.ease" in stored and name.endswith(".weight"):
            values = values * stored[f"{matrix}.ease"].astype(np.float32)[:, None]
        arrays[name] = values.T.copy() if values.ndim == 2 and name.split(".")[-2] in _TRANSPOSED else values
    for number in range(LAYERS):
        for part in ("weight", "bias"):
            joint = arrays.pop(f"layers.{number}.attention.{part}")
            for name, values in zip(("query", "key", "value"), np.split(joint, 3), strict=True):
                arrays[f"layers.{number}.{name}.{part}"] = values
    biases = arrays.pop("own_bias.weight")
    arrays["bias"] = biases[-1]
    arrays["own_bias.weight"] = (biases[:-1] - biases[-1])[:, None]
    arrays["own.weight"] = arrays["own.weight"][:-1]
    return arrays


def read_easing(folder: Path) -> Easing:
    """Read what the inputs of the 8-bit matrices are multiplied by."""
    stored = _stored(folder / "encoder.onnx")
    matrices = [name.removesuffix(".zero") for name in stored if name.endswith(".zero")]
    return {
        matrix: stored.get(f"{matrix}.ease", np.ones(len(stored[f"{matrix}.weight"]))).astype(np.float32) for matrix in matrices
    }


def _stored(path: Path) -> dict[str, NDArray[np.generic]]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


_TRANSPOSED = frozenset(
    "attention out up down mention_first mention_last mention_inside mention_out role_first role_last role_inside between pair "
    "label kind class_label".split()
)
