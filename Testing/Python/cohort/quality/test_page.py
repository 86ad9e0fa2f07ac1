"""The page of a scan stands alone and shows all that is known of its quality."""

import re
from dataclasses import asdict

from helpers.mapped_head import GEOMETRY, mapped

from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS
from QSMLogic.cohort.quality.numbers import measured
from QSMLogic.cohort.quality.page import scan_page
from QSMLogic.model.check import DOUBTFUL, Check
from QSMLogic.regions import MapImage, Region, measure
from QSMLogic.regions.brain import BRAIN
from QSMLogic.regions.measure import measure_brain


def page(warnings=(), table=None, **changes):
    acquisition, maps = mapped()
    record = {
        "name": "sub-01_MEGRE",
        "subject": "01",
        "session": "",
        "run": "",
        "quality": measured(acquisition, maps, GEOMETRY) | {"scanner": "Siemens <Prisma>"},
        "maps": {"susceptibility_ppm": "sub-01/anat/sub-01 #1_Chimap.nii.gz"},
        "warnings": list(warnings),
        "started": "2024-01-01T00:00:00",
    }
    return scan_page(record | changes, acquisition, maps, GEOMETRY, table)


def test_it_needs_no_network_and_no_script():
    text = page()
    assert "<script" not in text and len(text) < 300_000
    assert not [address for address in re.findall(r'(?:src|href)="([^"]*)', text) if address.startswith(("http", "//"))]
    assert text.count("data:image/jpeg;base64,") == 3 + 4 * 6  # planes, and strips of four images


def test_every_number_has_its_row():
    text = page()
    for column in QUALITY_COLUMNS:
        assert f"<td>{column.title}</td>" in text or f">{column.title}</td>" in text, column.key


def test_it_leads_to_the_cohort_and_to_the_maps():
    text = page()
    assert 'href="../../group.html"' in text
    assert 'href="../../sub-01/anat/sub-01%20%231_Chimap.nii.gz"' in text


def test_words_of_files_are_no_html():
    text = page(["A <b>warning</b>"], name="sub-<i>")
    assert "A &lt;b&gt;warning" in text and "sub-&lt;i&gt;" in text and "Siemens &lt;Prisma&gt;" in text


def test_it_has_warnings_and_checks_before_the_numbers():
    acquisition, maps = mapped()
    doubtful = asdict(Check("mask_volume", 1.0, 2.0, DOUBTFUL, "The mask is small."))
    provenance = maps.provenance | {"checks": [*maps.provenance["checks"], doubtful]}
    record = {"name": "a", "subject": "01", "session": "2", "run": "", "maps": {}, "warnings": ["The mask is small."]}
    record |= {"quality": measured(acquisition, maps, GEOMETRY), "started": ""}
    maps = type(maps)(
        **{**{entry.name: array for entry, array in maps.items()}, "grid": maps.grid, "provenance": provenance}
    )
    text = scan_page(record, acquisition, maps, GEOMETRY)
    places = [
        text.index(word) for word in ('class="warnings"', "<h2>Pictures", "<h2>Checks", "Mask volume", "<h2>Quality")
    ]
    assert places == sorted(places)
    assert text.index("Mask volume") < text.index("Phase wraps")  # by severity
    assert "<dt>Session</dt><dd>2</dd>" in text and "<dt>Run</dt>" not in text


def test_regions_are_shown_if_there_are_any():
    _, maps = mapped()
    images = {"susceptibility": MapImage(maps.susceptibility_ppm, "ppm"), "R2*": MapImage(maps.local_field_ppm, "1/s")}
    region = [Region("One & all", maps.reliable_mask)]
    several = page(table=measure(images, region, maps.grid, mask=maps.reliable_mask))
    assert "One &amp; all" in several and several.count("<details>") == 1 and several.count("<svg xmlns") == 2
    brain = page(table=measure_brain(images, maps.grid, maps.reliable_mask))
    assert f"<h2>{BRAIN}</h2>" in brain and "<details>" not in brain and ">R2*</td>" in brain
    assert BRAIN not in page()
