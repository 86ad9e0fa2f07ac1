"""The page of a group holds everything in one file, and no text of a scan can become part of it."""

import json
import re

import pytest
from helpers.simulated_group import failed, record, write_scan

from QSMLogic.cohort.group import page
from QSMLogic.cohort.group.page import safe_json
from QSMLogic.cohort.group.write import write_group
from QSMLogic.cohort.scan import LOG, MONTAGE, PAGE

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028&amp;"
JPEG = b"\xff\xd8\xff\xe0 some picture"


def written(tmp_path):
    write_group(tmp_path)
    return (tmp_path / "group.html").read_text(encoding="utf-8")


def embedded(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1))


def test_json_in_a_page_cannot_end_its_element():
    text = safe_json({HOSTILE: [HOSTILE]})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {HOSTILE: [HOSTILE]}


def test_hostile_names_reasons_and_scanners_are_data_only(tmp_path):
    facts = {"scan": {"reported": {"Manufacturer": HOSTILE}}, "warnings": [HOSTILE], "software": {HOSTILE: HOSTILE}}
    write_scan(tmp_path, record(1, subject=HOSTILE, **facts))
    write_scan(tmp_path, record(2))
    write_scan(tmp_path, failed(3, HOSTILE))
    ratings = [f"sub-0002_MEGRE\tdoubtful\t{HOSTILE}\t{HOSTILE}".replace("\u2028", "")]
    (tmp_path / "group_ratings.tsv").write_text("\n".join(["scan\trating\treason\trater", *ratings]), encoding="utf-8")
    text = written(tmp_path)
    assert "<img" not in text and "alert(1)</script>" not in text
    assert text.count("<script") == text.count("</script>") == 3
    data = embedded(text)
    assert data["scans"][2]["reason"] == HOSTILE and data["scans"][0]["warnings"] == [HOSTILE]
    assert {of["title"] for of in data["differences"]} >= {"Manufacturer", HOSTILE}


def test_pages_need_no_network(tmp_path):
    write_scan(tmp_path, record(1))
    text = written(tmp_path)
    assert not re.search(r"https?:|@import|url\(|<link|src=", text)
    assert "default-src 'none'" in text


def test_montages_are_embedded_and_pages_linked(tmp_path):
    write_scan(tmp_path, record(1), {MONTAGE: JPEG, PAGE: b"<p>"})
    write_scan(tmp_path, record(2), {MONTAGE: b"<svg onload=alert(1)>"})
    folder = write_scan(tmp_path, failed(3, "no phase"))
    (folder / LOG).write_text("no phase", encoding="utf-8")
    text = written(tmp_path)
    lines = re.search(r'<script type="text/plain" id="montages">(.*?)</script>', text, re.S).group(1).split("\n")
    assert lines == ["", "/9j/4CBzb21lIHBpY3R1cmU=", "", ""]
    assert [(scan["page"], scan["log"]) for scan in embedded(text)["scans"]] == [
        *((True, False), (False, False), (False, True)),
    ]


def test_too_many_montages_are_linked(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST_EMBEDDED_BYTES", 10)
    write_scan(tmp_path, record(1), {MONTAGE: JPEG})
    text = written(tmp_path)
    assert embedded(text)["linked"] and "/9j/" not in text


@pytest.mark.parametrize("name", ["../../outside", "a/b"])
def test_names_do_not_lead_out_of_the_folder(tmp_path, name):
    content = record(1)
    write_scan(tmp_path, content)
    changed = content | {"name": name, "files": {f"scans/{name}/{MONTAGE}": ""}}
    (tmp_path / "scans" / content["name"] / "record.json").write_text(json.dumps(changed), encoding="utf-8")
    (tmp_path.parent / MONTAGE).write_bytes(JPEG)
    assert "/9j/" not in written(tmp_path)
