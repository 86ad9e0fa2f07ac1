"""Text files in the encodings that they come in."""

import pytest

from QSMLogic.model.errors import QSMError
from QSMLogic.model.texts import parsed_json, read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.json").write_bytes('{"a": "Universität"}'.encode(encoding))
    assert parsed_json(read_text(tmp_path / "a.json"), "a") == {"a": "Universität"}


@pytest.mark.parametrize("text", ["{", "", '{"a":' * 100_000, "1" * 5000])
def test_json_that_cannot_be_used(text):
    with pytest.raises(QSMError, match="^a.json is not"):
        parsed_json(text, "a.json")


@pytest.mark.parametrize("name", ["none", "a\0b"])
def test_files_that_cannot_be_read(tmp_path, name):
    with pytest.raises(QSMError, match="Cannot read"):
        read_text(tmp_path / name)
