"""The table of a group's regions and participants.tsv of simulated cohorts."""

import numpy as np

HEADER = ("subject", "session", "scan", "segment", "map", "unit", "voxels", "mean", "relative_to", "note")
REGIONS = ("Caudate", "Putamen", "Pallidum", "Thalamus")


def write_cohort(folder, values, regions=REGIONS, unit="ppm", map_name="susceptibility", kind="MEGRE"):
    """Write group_regions.tsv of {(subject, session, run): values of the regions}; None: no value. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(HEADER)]
    for (subject, session, run), means in values.items():
        name = "_".join([f"sub-{subject}", *([f"ses-{session}"] * bool(session)), *([f"run-{run}"] * bool(run)), kind])
        for region, mean in zip(regions, means, strict=True):
            text = "n/a" if mean is None else repr(float(mean))
            fields = (subject, session or "n/a", name, region, map_name, unit, "100", text, "n/a", "n/a")
            lines.append("\t".join(fields))
    path = folder / "group_regions.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_participants(folder, columns, name="participants.tsv", key="participant_id"):
    """Write a table of participants. columns: {subject: {column: value}}."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(column for row in columns.values() for column in row))
    lines = ["\t".join([key, *names])]
    for subject, row in columns.items():
        lines.append("\t".join([f"sub-{subject}" if key == "participant_id" else subject, *map(str, row.values())]))
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def cohort(seed, count=24, effect=0.0, slope=0.0, regions=4, sd=0.01, groups=("control", "patient")):
    """Values and participants of a simulated cohort: normal noise, a difference in the first region, a slope in the
    second over age."""
    random = np.random.default_rng(seed)
    people, values = {}, {}
    for n in range(count):
        subject, group, age = f"{n + 1:02d}", groups[n % len(groups)], round(float(random.uniform(20, 80)), 1)
        people[subject] = {"group": group, "age": age, "sex": "FM"[n // 2 % 2]}
        means = random.normal(0.05, sd, regions)
        means[0] += effect * (group == groups[-1])
        means[1 % regions] += slope * (age - 50)
        values[subject, "", ""] = list(means)
    return values, people
