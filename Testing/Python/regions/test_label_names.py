"""Names of labels out of the files that atlases and programs write."""

import pytest

from QSMLogic import QSMError
from QSMLogic.regions import read_label_names

DSEG = """index\tname\tabbreviation\tcolor
0\tbackground\tbg\t#000000
1\tCaudate\tC\t#ff0000
2\tRed nucleus\tRN\t
"""
FREESURFER = """#No. Label Name: R G B A
0 Unknown 0 0 0 0

1   Caudate   255 0 0 0
2 Red nucleus 0 0 255 0
"""
FILES = {
    "l.json": '{"0": "air", "1": "Caudate", "2": "Red nucleus"}',
    "dseg.tsv": DSEG,
    "list.csv": "Label,Region\n1,Caudate\n2,Red nucleus\n",
    "FreeSurferLUT.txt": FREESURFER,
    "slicer.ctbl": "# Color table file\n0 Background 0 0 0 0\n1 Caudate 255 0 0 255\n2 Red nucleus 0 0 255 255\n",
    "snap.txt": '0 0 0 0 0 0 0 "Clear Label"\n1 255 0 0 1 1 1 "Caudate"\n2 0 0 255 1 1 1 "Red nucleus"\n',
    "names": '{"1": "Caudate", "2": "Red nucleus"}',
    "plain.txt": "1 Caudate\n2: Red nucleus\n",
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_names_and_colors(tmp_path, name):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    names, colors = read_label_names(tmp_path / name)
    assert names == {1: "Caudate", 2: "Red nucleus"}
    has_colors = name not in ("l.json", "names", "list.csv", "plain.txt")
    assert colors.get(1) == ((1, 0, 0) if has_colors else None)


BAD = {
    "l.json": ("[1, 2]", "must be JSON such as"),
    "l2.json": ('{"one": "a"}', "must be JSON such as"),
    "t.tsv": ("a\tb\n1\t2\n", "columns index and name"),
    "u.tsv": ("index\tname\none\ta\n", "'one' where a label's number"),
    "v.tsv": ("index\tname\n1.5\ta\n", "'1.5' where a label's number"),
    "w.tsv": ("index\tname\ninf\ta\n", "'inf' where a label's number"),
    "empty.txt": ("# nothing\n", "contains no labels"),
    "deep.json": ('{"a":' * 100_000, "nested too deep"),
    "half.json": ('{"1": "\\ud800"}', "cannot be written"),
    "long.txt": (f"1 {'a' * 201}\n", "has 201 letters"),
    "field.tsv": (f"index\tname\n1\t{'a' * 200_000}\n", "no table of label names"),
    "twice.txt": ("1 a\n1 b\n", "label 1 twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_other_files_are_refused(tmp_path, name):
    (tmp_path / name).write_text(BAD[name][0], encoding="utf-8")
    with pytest.raises(QSMError, match=BAD[name][1]):
        read_label_names(tmp_path / name)


def test_missing_and_binary_files_are_told(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x01")
    with pytest.raises(QSMError, match="are not text"):
        read_label_names(tmp_path / "b.txt")
    with pytest.raises(QSMError, match="Cannot read"):
        read_label_names(tmp_path / "none.txt")
