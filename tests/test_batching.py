from hypothesis import given
from hypothesis import strategies as st

from kgbuild.batching import batched


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(0, 20))
def test_batches_hold_every_item_in_order_and_keep_both_bounds(sizes, most, largest):
    batches = list(batched(sizes, most, largest, size=int))
    assert [size for batch in batches for size in batch] == sizes
    for batch, after in zip(batches, [*batches[1:], None], strict=False):
        assert 1 <= len(batch) <= most
        assert sum(batch) <= largest or len(batch) == 1
        if after is not None:  # as full as the bounds allow
            assert len(batch) == most or sum(batch) + after[0] > largest


def test_a_full_batch_waits_for_nothing():
    def items():
        yield from "ab"
        raise AssertionError("the third was asked for")

    assert next(batched(items(), 2)) == ["a", "b"]
