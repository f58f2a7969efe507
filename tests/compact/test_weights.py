import shutil

import pytest

from kgbuild.compact.weights import FILES, SHIPPED, open_weights
from kgbuild.errors import WeightsError


def test_the_shipped_weights_fit_into_45_megabytes():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 45_000_000


def test_a_model_card_lies_beside_them():
    card = (SHIPPED / "README.md").read_text("utf-8")
    for word in ("licence", "Apache-2.0", "CC BY-SA", "MIT", "seed", "official F1"):
        assert word in card


def test_a_folder_that_holds_no_weights_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"encoder\.onnx"):
        open_weights(tmp_path)


def test_the_digest_follows_the_content_and_not_the_place(tmp_path):
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path / name)
    assert open_weights(tmp_path).digest == open_weights().digest
    with (tmp_path / "properties.tsv").open("a", encoding="utf-8") as lines:
        lines.write("hums\thums\t\thuman\thuman\n")
    assert open_weights(tmp_path).digest != open_weights().digest


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_in_one_line(tmp_path, name):
    for each in FILES:
        shutil.copy(SHIPPED / each, tmp_path / each)
    (tmp_path / name).write_bytes(b"no such\nthing")
    with pytest.raises(WeightsError, match="is damaged or of another version") as refusal:
        open_weights(tmp_path)
    assert str(tmp_path / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)
