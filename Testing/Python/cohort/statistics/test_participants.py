"""Tables of participants are read as they come; what is wrong in them is named with its line and column."""

import pytest

from QSMLogic import QSMError
from QSMLogic.cohort.statistics.participants import Participants


def participants(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "participants.tsv"
    path.write_bytes(text.encode(encoding))
    return Participants(path)


def texts(found, *names):
    return {column: cell.text for column, cell in found.cells(*names).items()}


def test_marks_line_ends_prefixes_and_unknown_values(tmp_path):
    text = 'participant_id\tage\tsex\tsite\r\nsub-01\t 34.5 \tF\tn/a\r\n02\tNaN\t"M"\tBasel\r\n\r\n'
    found = participants(tmp_path, text, "utf-8-sig")
    assert found.columns == ["participant_id", "age", "sex", "site"]
    assert texts(found, "01") == {"participant_id": "sub-01", "age": "34.5", "sex": "F"}
    assert texts(found, "02") == {"participant_id": "02", "sex": "M", "site": "Basel"}
    assert found.cells("01")["age"].number == 34.5 and found.cells("01")["sex"].number is None
    assert found.cells("03") == {}


def test_utf_16_as_spreadsheets_write_it(tmp_path):
    assert texts(participants(tmp_path, "participant_id\tage\nsub-01\t3\n", "utf-16"), "01")["age"] == "3"


def test_sessions_overrule_participants(tmp_path):
    found = participants(tmp_path, "participant_id\tage\tsex\nsub-01\t30\tF\n")
    folder = tmp_path / "sub-01"
    folder.mkdir()
    (folder / "sub-01_sessions.tsv").write_text("session_id\tage\tscore\nses-1\t30.1\t5\nses-2\t31.2\tn/a\n")
    assert texts(found, "01", "1") == {
        "participant_id": "sub-01",
        "age": "30.1",
        "sex": "F",
        "session_id": "ses-1",
        "score": "5",
    }
    assert texts(found, "01", "2")["age"] == "31.2" and "score" not in found.cells("01", "2")
    assert "score" in found.columns


def test_a_line_for_each_session(tmp_path):
    found = participants(tmp_path, "participant_id\tsession_id\tage\nsub-01\tses-1\t30\nsub-01\tses-2\t31\n")
    assert [texts(found, "01", session)["age"] for session in "12"] == ["30", "31"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject\tage\n01\t3\n", "no column participant_id; its columns are: subject, age"),
        ("participant_id,age\nsub-01,3\n", "no column participant_id; .*separated by tabs"),
        ("participant_id\tage\tsex\nsub-01\t3\tF\nsub-02\t4\n", "Line 3 of .* ends before the column sex"),
        ("participant_id\tage\nsub-01\t3\t4\n", "Line 2 of .* has 3 fields instead of 2"),
        ("participant_id\tage\nsub-01\t3\n01\t4\n", "line 3: 01 was listed before"),
        ("participant_id\tage\n\t3\n", "line 2: participant_id is empty"),
        ("participant_id\tage\tage\nsub-01\t3\t3\n", "two columns age"),
        ("", "no column participant_id; its columns are: none"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(QSMError, match=message):
        participants(tmp_path, text)


def test_a_missing_table(tmp_path):
    with pytest.raises(QSMError, match="Cannot read .*participants.tsv"):
        Participants(tmp_path / "participants.tsv")
