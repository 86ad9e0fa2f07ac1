"""The page of a group as a person uses it, in a real browser."""

import json

import numpy as np
import pytest
from helpers.browser import Browser, find_browser
from helpers.simulated_group import failed, random_montage, record, region_files, write_cohort, write_scan

from QSMLogic.cohort.group.ratings import read_ratings
from QSMLogic.cohort.group.write import write_group
from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS
from QSMLogic.cohort.scan import MONTAGE, PAGE

pytestmark = pytest.mark.skipif(not find_browser(), reason="no Chromium was found")
SCANS, ODD, FAILED = 60, 7, 12
HOSTILE = "<img src=x onerror=\"document.title='run'\"></script><script>document.title='run'</script>"
OLD_AND_NEW = {"sub-0002_MEGRE": "2026-01-01T09:59:59Z", "sub-0003_MEGRE": "2026-01-01T10:00:01Z"}
STARTED = "2026-01-01T10:00:00+00:00"
GIVEN = {"rating": "doubtful", "reason": "", "rated": "2026-01-01T10:00:00Z"}
FAULT, REQUEST = "Runtime.exceptionThrown", "Network.requestWillBeSent"
NUMBER = next(column for column in QUALITY_COLUMNS if column.suspicious == "high" and not column.is_text)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("group")
    picture = random_montage(np.random.default_rng(1), (60, 20))
    for number in range(1, SCANS + 1):
        if number == FAILED:
            write_scan(folder, failed(number, f"Echo 2 has no phase. {HOSTILE}"))
            continue
        quality = {NUMBER.key: 100.0 if number == ODD else 1 + (number * 7 % 13) / 10}
        regions = region_files({"Left putamen": 0.05 + number / 1000, "Right putamen": 0.05 - number / 1000})
        software = {"QSMLogic": HOSTILE if number == 3 else "1.0"}
        said = [HOSTILE] if number == 2 else []
        content = record(number, quality=quality, software=software, warnings=said, started=STARTED)
        write_scan(folder, content, {MONTAGE: picture, PAGE: b"<title>of the scan</title>"} | regions)
    write_group(folder)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def opened(browser, output):
    """The page; what it keeps is cleared afterwards."""
    browser.open(output / "group.html")
    yield browser
    browser.evaluate("localStorage.clear()")
    named = {name: [e["params"] for e in browser.events if e["method"] == name] for name in (FAULT, REQUEST)}
    assert not named[FAULT]
    assert all(of["request"]["url"].startswith(("file:", "data:", "blob:")) for of in named[REQUEST])


def shown(opened):
    """The scans in the rows of the table that are there."""
    return opened.evaluate("[...document.querySelectorAll('#body .name')].map(name => name.textContent)")


def detail(opened):
    return opened.evaluate("document.querySelector('#detail h2').textContent")


def fill(opened, field, text):
    value = f"document.getElementById('{field}').value = {json.dumps(text)}"
    events = "['input', 'change'].map(kind => field.dispatchEvent(new Event(kind)))"
    opened.evaluate(f"{value}; (field => {events}.length)(document.getElementById('{field}'))")


def click(opened, selector):
    opened.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def test_only_rows_in_sight_are_there(opened):
    rows = shown(opened)
    assert rows[0] == "sub-0001_MEGRE" and 10 <= len(rows) < 30
    assert opened.evaluate("document.querySelectorAll('#body img').length") < 30
    assert opened.evaluate("document.querySelector('#body img').decode().then(() => true)")
    opened.evaluate("document.getElementById('rows').scrollTop = 1e6")
    opened.evaluate("new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")
    assert shown(opened)[-1] == f"sub-{SCANS:04d}_MEGRE"


def test_text_of_scans_is_never_run(opened):
    fill(opened, "filter", "onerror")
    assert shown(opened) == ["sub-0002_MEGRE", f"sub-{FAILED:04d}_MEGRE"]
    click(opened, "#tab-differences")
    assert HOSTILE in opened.evaluate("document.getElementById('panel-differences').textContent")
    assert opened.evaluate("document.title") == f"Quality of {SCANS} scans"
    assert opened.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_table_is_filtered_and_sorted(opened):
    fill(opened, "show", "failed")
    assert shown(opened) == [f"sub-{FAILED:04d}_MEGRE"]
    fill(opened, "show", "unrated")  # there is nothing to rate of a scan that has failed
    assert f"{SCANS - 1} of {SCANS}" in opened.evaluate("document.getElementById('found').textContent")
    fill(opened, "show", "outliers")
    assert shown(opened) == [f"sub-{ODD:04d}_MEGRE"]
    fill(opened, "show", "all")
    title = json.dumps(NUMBER.title)
    head = f"[...document.querySelectorAll('#heads th')].find(head => head.textContent.startsWith({title}))"
    opened.evaluate(f"{head}.querySelector('button').click()")
    opened.evaluate(f"{head}.querySelector('button').click()")
    assert opened.evaluate(f"{head}.getAttribute('aria-sort')") == "descending"
    assert (
        opened.evaluate("document.getElementById('rows').scrollTop = 0; 1")
        and shown(opened)[0] == f"sub-{ODD:04d}_MEGRE"
    )


def test_scans_are_rated_by_keys_and_ratings_outlast_the_page(opened, output, tmp_path):
    fill(opened, "rater", "A. Meyer")
    opened.press("ArrowDown", "3")
    fill(opened, "reason", '=motion\tand "more"')
    opened.press("ArrowDown", "ArrowDown", "1", "ArrowUp", "2", "0")
    opened.open(output / "group.html")
    assert opened.evaluate("document.getElementById('save').textContent") == "Save ratings (2 new)"
    opened.events.clear()
    click(opened, "#save")
    while opened.wait_for("Browser.downloadProgress")["state"] != "completed":
        opened.events.clear()
    saved = opened.folder / "group_ratings.tsv"
    found = read_ratings([saved], [f"sub-{n:04d}_MEGRE" for n in range(1, SCANS + 1)])
    saved.unlink()
    assert {name: (of[0].rating, of[0].reason, of[0].rater) for name, of in found.items()} == {
        "sub-0002_MEGRE": ("excluded", '=motion and "more"', "A. Meyer"),
        "sub-0004_MEGRE": ("good", "", "A. Meyer"),
    }


def test_ratings_given_in_another_window_are_not_undone(opened):
    opened.press("1")
    key = "`qsm group ratings ${location.pathname}`"
    other = json.dumps({"rater": "B", "by": {"": {f"sub-{n:04d}_MEGRE": GIVEN for n in (1, 2)}}})
    opened.evaluate(
        f"localStorage.setItem({key}, {json.dumps(other)});"
        f"window.dispatchEvent(new StorageEvent('storage', {{key: {key}, newValue: {json.dumps(other)}}}))"
    )
    opened.press("ArrowDown", "ArrowDown", "2")
    kept = opened.evaluate(f"JSON.parse(localStorage.getItem({key}))")
    assert list(kept["by"][""]) == ["sub-0001_MEGRE", "sub-0002_MEGRE", "sub-0003_MEGRE"] and kept["rater"] == ""


def test_the_way_back_from_the_page_of_a_scan_leads_to_that_scan(opened, output):
    opened.press("ArrowDown", "ArrowDown")
    assert opened.evaluate("location.hash") == "#sub-0003_MEGRE"
    opened.open(output / "group.html", f"#sub-{SCANS:04d}_MEGRE")
    assert detail(opened) == f"sub-{SCANS:04d}_MEGRE" and detail(opened) in shown(opened)
    opened.open(output / "group.html", "#no such scan")
    assert detail(opened) == "sub-0001_MEGRE"


def test_a_page_whose_ratings_are_not_kept_is_not_closed_unasked(opened):
    closing = "!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    opened.press("1")
    assert not opened.evaluate(closing)
    opened.evaluate("Storage.prototype.setItem = () => { throw new Error('full') }; 1")
    opened.press("2")
    assert opened.evaluate(closing)
    opened.press("0")  # nothing is lost any more
    assert not opened.evaluate(closing)


def test_a_key_opens_the_page_of_the_scan(opened):
    opened.evaluate("window.open = (address) => { window.wanted = address }; 1")
    opened.press("ArrowDown", "o")
    assert opened.evaluate("window.wanted") == "scans/sub-0002_MEGRE/report.html"


def test_no_click_is_lost_after_typing(opened):
    opened.click("#rater")
    opened.type("A")
    opened.click("button.rate.doubtful")
    opened.click("#reason")
    opened.type("motion")
    opened.click("#body tr:nth-child(4) .name")
    assert detail(opened) == "sub-0003_MEGRE"
    kept = opened.evaluate("JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).by")
    assert {scan: (of["rating"], of["reason"]) for scan, of in kept["A"].items()} == {
        "sub-0001_MEGRE": ("doubtful", "motion")
    }


def test_another_rater_may_disagree_and_the_worst_counts(opened):
    fill(opened, "rater", "A")
    opened.press("1")
    fill(opened, "rater", "B")
    opened.press("2")
    assert "The raters disagree; doubtful counts." in opened.evaluate("document.getElementById('detail').textContent")
    fill(opened, "show", "disagreement")
    assert shown(opened) == ["sub-0001_MEGRE"]


def test_ratings_before_the_scan_was_mapped_again_are_named(opened, output):
    kept = {name: {"rating": "good", "reason": "", "rated": at} for name, at in OLD_AND_NEW.items()}
    key = "`qsm group ratings ${location.pathname}`"
    opened.evaluate(f"localStorage.setItem({key}, {json.dumps(json.dumps({'rater': 'A', 'by': {'A': kept}}))})")
    opened.open(output / "group.html")
    fill(opened, "show", "outdated")
    assert shown(opened) == [next(iter(OLD_AND_NEW))]
    assert "mapped again" in opened.evaluate("document.getElementById('detail').textContent")


def test_ratings_without_a_name_become_those_of_the_name_that_is_given(opened):
    opened.press("1")
    fill(opened, "rater", "A")
    assert list(opened.evaluate("JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).by")) == ["A"]


def test_a_dot_and_a_named_outlier_lead_to_the_scan(opened):
    click(opened, "#tab-numbers")
    click(opened, "#number-plots .outliers button")
    assert detail(opened) == f"sub-{ODD:04d}_MEGRE"
    click(opened, "#tab-regions")
    canvas, largest = "document.querySelector('#region-plots canvas')", "184 + 0.96 * (box.width - 198)"
    opened.evaluate(f"new Promise(then => new IntersectionObserver(then).observe({canvas})).then(() => 1)")
    there = f"new MouseEvent('click', {{clientX: box.left + {largest}, clientY: box.top + 13}})"
    opened.evaluate(f"(box => {canvas}.dispatchEvent({there}))({canvas}.getBoundingClientRect())")
    assert detail(opened) == f"sub-{SCANS:04d}_MEGRE"


def test_differences_name_the_scans(opened):
    click(opened, "#tab-differences")
    click(opened, "#panel-differences button")
    assert shown(opened) == ["sub-0003_MEGRE"]
    click(opened, "#all")
    assert len(shown(opened)) > 10


def test_the_scan_has_a_link_to_its_page(opened, output):
    address = opened.evaluate("document.querySelector('#detail .links a').href")
    assert address == (output / "scans" / "sub-0001_MEGRE" / "report.html").resolve().as_uri()


def test_print_shows_every_scan(opened):
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(shown(opened)) == SCANS
    opened.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert len(shown(opened)) < SCANS


@pytest.mark.timed
def test_a_thousand_scans_open_within_3_seconds(browser, tmp_path):
    picture = random_montage(np.random.default_rng(1), (330, 112))
    write_cohort(tmp_path, QUALITY_COLUMNS, 1000, montage=lambda rng: picture.ljust(8000, b"\0"))
    write_group(tmp_path)
    assert (tmp_path / "group.html").stat().st_size > 10e6
    assert any(browser.open(tmp_path / "group.html") < 3 for _ in range(2))
    assert shown(browser)[0] == "sub-0001_MEGRE"
