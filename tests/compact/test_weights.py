import re
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
    properties = tmp_path / "properties.tsv"
    properties.write_text(properties.read_text("utf-8").replace("human", "person"), "utf-8")
    assert open_weights(tmp_path).digest != open_weights().digest


@pytest.mark.parametrize(
    ("name", "edited", "problem"),
    [
        # Files that do not belong together: each is whole.
        ("properties.tsv", lambda files: files["properties.tsv"].partition(b"\n")[2], "labels.onnx was taught others"),
        (
            "properties.tsv",
            lambda files: files["properties.tsv"] + b"hums\thums\t\thuman\thuman\n",
            "labels.onnx was taught others",
        ),
        ("properties.tsv", lambda _: b"", "labels.onnx was taught others"),
        ("mentions.onnx", lambda files: files["pairs.onnx"], "holds another graph"),
        # A calibration that calibrates nothing.
        ("calibration.json", lambda files: re.sub(rb'"slope": [0-9.]+', b'"slope": "x"', files["calibration.json"]), "slope"),
        (
            "calibration.json",
            lambda files: re.sub(rb'"accept_from": [0-9.]+', b'"accept_from": 2', files["calibration.json"]),
            "no prob",
        ),
    ],
)
def test_files_that_do_not_belong_together_are_named(tmp_path, name, edited, problem):
    files = {each: (SHIPPED / each).read_bytes() for each in FILES}
    for each, content in files.items():
        (tmp_path / each).write_bytes(content)
    (tmp_path / name).write_bytes(edited(files))
    with pytest.raises(WeightsError, match=problem) as refusal:
        open_weights(tmp_path)
    assert str(tmp_path / name) in str(refusal.value)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_in_one_line(tmp_path, name):
    for each in FILES:
        shutil.copy(SHIPPED / each, tmp_path / each)
    (tmp_path / name).write_bytes(b"no such\nthing")
    with pytest.raises(WeightsError, match="is damaged or of another version") as refusal:
        open_weights(tmp_path)
    assert str(tmp_path / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)
