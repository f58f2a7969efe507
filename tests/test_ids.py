import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from kgbuild.ids import digest
from tests.test_serialisation import ANY_TEXT

NUMBERS = st.integers() | st.sampled_from([0.0, -1.5, 0.7, 0.001, 123456.75])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(ANY_TEXT, values, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4))
def test_a_digest_is_the_sha256_of_the_parts_as_compact_json(parts):
    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    assert digest(*parts) == sha256(written).hexdigest()


def test_parts_do_not_run_together():
    assert digest("ab", "c") != digest("a", "bc")
