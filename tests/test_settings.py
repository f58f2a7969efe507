"""What the environment may say, and what is said of what it may not."""

import pytest

from kgbuild.errors import InputError
from kgbuild.settings import Prices, Settings


@pytest.mark.parametrize(
    ("given", "prices"),
    [
        ("", None),
        ("0.15 0.60", Prices(0.15, 0.60, 0.15)),
        # Cached tokens are cheaper at some.
        (" 2  8 0.5 ", Prices(2, 8, 0.5)),
    ],
)
def test_what_tokens_cost(given, prices):
    assert Settings.read({"KGBUILD_PRICES": given}).prices == prices


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("KGBUILD_PRICES", "0.15"),
        ("KGBUILD_PRICES", "0.15,0.60"),
        ("KGBUILD_PRICES", "1 2 3 4"),
        ("KGBUILD_PRICES", "1 -2"),
        ("KGBUILD_PRICES", "nan inf"),
        ("KGBUILD_THREADS", "0"),
        ("KGBUILD_REQUESTS", "many"),
        ("KGBUILD_REQUESTS", "9" * 10),
        ("KGBUILD_THREADS", "1" * 5000),
        ("KGBUILD_THREADS", "٣"),
        ("KGBUILD_REPLY_SECONDS", "1.5"),
    ],
)
def test_what_is_no_setting_is_named_with_a_remedy(name, given):
    with pytest.raises(InputError, match=f"^{name}: '{given}' .*Give"):
        Settings.read({name: given})
