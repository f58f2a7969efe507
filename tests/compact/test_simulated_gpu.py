"""The GPU that tests of training simulate refuses what a real one refuses, and nothing else."""
# ruff: noqa: E402

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from tests.compact.simulated_gpu import simulated_gpu

FAR = "cuda"


@pytest.mark.parametrize(
    "asked",
    [
        # Tensors of both places, in operators, in lists and in layers.
        lambda near, far: near + far,
        lambda near, far: torch.cat([near, far]),
        lambda near, far: torch.nn.functional.linear(far, near),
        lambda near, far: far.add_(near),
        lambda near, far: torch.nn.Linear(2, 2)(far),
        lambda near, far: far.gather(1, torch.tensor([[0], [1]])),
        # An array of what is there.
        lambda near, far: far.numpy(),
        lambda near, far: (far * 2).detach().numpy(),
    ],
)
def test_what_a_gpu_refuses(monkeypatch, asked):
    with simulated_gpu(monkeypatch):
        near, far = torch.ones(2, 2), torch.ones(2, 2, device=FAR)
        with pytest.raises((RuntimeError, TypeError), match=r"same device|to numpy"):
            asked(near, far)


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        # What comes of tensors of one place is there.
        (lambda near, far: near * 2, "cpu"),
        (lambda near, far: (far * 2).sum(), FAR),
        (lambda near, far: torch.nn.Linear(2, 2).to(far.device)(far), FAR),
        # A number without dimensions and an index may be elsewhere.
        (lambda near, far: far * near.sum(), FAR),
        (lambda near, far: far[torch.tensor([0, 1])], FAR),
        # What is moved is there, whatever else is asked of the move.
        (lambda near, far: near.to(FAR), FAR),
        (lambda near, far: near.to(far.device, torch.float64), FAR),
        (lambda near, far: far.double(), FAR),
        (lambda near, far: far.cpu(), "cpu"),
        (lambda near, far: far.to("cpu"), "cpu"),
        (lambda near, far: near.copy_(far), "cpu"),
    ],
)
def test_where_a_tensor_is(monkeypatch, asked, place):
    with simulated_gpu(monkeypatch):
        made = asked(torch.ones(2, 2), torch.ones(2, 2, device=FAR))
        assert made.device.type == place


def test_a_network_learns_there(monkeypatch):
    with simulated_gpu(monkeypatch):
        layer = torch.nn.Linear(2, 2).to(FAR)
        before = layer.weight.detach().clone()
        optimiser = torch.optim.AdamW(layer.parameters())
        layer(torch.ones(3, 2, device=FAR)).sum().backward()
        optimiser.step()
        assert layer.weight.grad.device.type == FAR
        assert not torch.equal(layer.weight, before)
