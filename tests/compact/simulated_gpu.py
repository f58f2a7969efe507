"""A GPU for tests, on machines without one: it computes on the CPU, and holds every tensor to where it was put.

As on a real GPU, a tensor made there or moved there is there, and so is all that comes of it; what takes tensors of both places is
refused, and so is a view of one as an array. A number without dimensions, or an index, may stay on the CPU.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

CUDA = torch.device("cuda", 0)
NAME = "Simulated GPU"
_GETS = torch.Tensor.__getitem__, torch.Tensor.__setitem__
_MOVES = torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.cuda
_TAKES_BOTH = torch.Tensor.copy_, torch.Tensor.data.__set__, torch._has_compatible_shallow_copy_type
_SHOWS_ARRAY = torch.Tensor.numpy, torch.Tensor.__array__


def is_there(tensor: torch.Tensor) -> bool:
    return getattr(tensor, "is_on_simulated_gpu", False)


class SimulatedGpu(TorchFunctionMode):
    """Follows every call of torch inside a `with` block. `operations`: how many took or made a tensor that is there."""

    operations = 0

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = any(map(is_there, given))
        if function == torch.Tensor.device.__get__:
            return CUDA if there else function(*args)
        if function in _SHOWS_ARRAY and there:
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")
        if function in _MOVES:
            wanted = _wanted(function, args[1:], kwargs, there)
            types_ = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, torch.dtype)]
            return self._put(args[0].to(*types_ or [args[0].dtype], copy=wanted is not there), wanted)
        away = any(leaf.dim() > 0 and not is_there(leaf) for leaf in given)
        if there and away and function not in (*_GETS, *_TAKES_BOTH):
            raise RuntimeError(f"{function.__name__}: expected all tensors to be on the same device, but found cuda:0 and cpu")
        if _is_gpu(kwargs.get("device")):
            there, kwargs["device"] = True, "cpu"
        made = function(*args, **kwargs)
        if function == torch.Tensor.data.__set__:
            self._put(args[0], is_there(args[1]))
        elif there and function not in _TAKES_BOTH:
            for leaf in tree_leaves(made):
                if isinstance(leaf, torch.Tensor):
                    self._put(leaf, True)
        return made

    def _put(self, tensor: torch.Tensor, there: bool) -> torch.Tensor:
        self.operations += there
        tensor.is_on_simulated_gpu = there
        return tensor


def _is_device(value: Any) -> bool:
    return isinstance(value, (torch.device, str))


def _is_gpu(value: Any) -> bool:
    return _is_device(value) and torch.device(value).type == "cuda"


def _wanted(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], there: bool) -> bool:
    """Return whether a tensor is on the GPU after a call that may move it. there: whether it was before."""
    if function is not torch.Tensor.to:
        return function is torch.Tensor.cuda
    device = next(filter(_is_device, (*args, kwargs.get("device"))), None)
    return there if device is None else _is_gpu(device)


@contextmanager
def simulated_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedGpu]:
    """Have torch find a GPU in the `with` block."""
    with monkeypatch.context() as patch, SimulatedGpu() as gpu:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "get_device_name", lambda device: NAME)
        patch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: None)  # optimisers ask for its stream
        yield gpu
