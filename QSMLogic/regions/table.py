"""The table of a measurement: one row for each region and map."""

from dataclasses import dataclass, field, replace

from ..model.errors import QSMError
from . import columns
from .asymmetry import compared_rows
from .brain import BRAIN
from .units import PER_PPM, scale

OWN_SEM = "own_sem"


@dataclass(frozen=True)
class RegionTable:
    """Rows with a value for each column.

    Parameters
    ----------
    rows : tuple of dict
        The values by the keys of `columns`; what is undefined is None. Rows that are relative to a reference also have
        own_sem, the standard error without that of the reference.
    settings : dict
        How it was measured (erosion_mm, partial_volume, ...), and what else its files should report.
    columns : tuple of Column
        The columns, by default those of a measurement.

    Raises
    ------
    ValueError
        If a row lacks a column.
    """

    rows: tuple
    settings: dict = field(default_factory=dict)
    columns: tuple = field(default_factory=lambda: columns.COLUMNS)

    def __post_init__(self):
        for row in self.rows:
            if missing := [column.key for column in self.columns if column.key not in row]:
                raise ValueError(f"A row of the table has no {', '.join(missing)}.")

    @property
    def units(self):
        """The units of its maps, in order."""
        return list(dict.fromkeys(row["unit"] for row in self.rows))

    @property
    def unit(self):
        """The unit of all its rows; empty if they differ."""
        return self.units[0] if len(self.units) == 1 else ""

    @property
    def segments(self):
        return list(dict.fromkeys(row["segment"] for row in self.rows))

    @property
    def maps(self):
        return list(dict.fromkeys(row["map"] for row in self.rows))

    def of(self, segment, map_name=None):
        """The row of a segment in a map, by default the first map; QSMError if there is none."""
        for row in self.rows:
            if row["segment"] == segment and map_name in (None, row["map"]):
                return row
        if segment in self.segments:
            raise QSMError(f"There is no map {map_name!r} in the table; it has: {', '.join(self.maps)}.")
        remedy = " The whole brain is the mask of the map: give it." if segment == BRAIN else ""
        raise QSMError(f"There is no {segment!r} in the table; it has: {', '.join(self.segments)}.{remedy}")

    def header(self, column):
        """A column's name, with the unit if all rows share one (mean_ppm); otherwise the column unit has it."""
        return column.header(self.unit)

    def unit_of(self, column):
        """The unit of a column's values; empty if it has none, or rows differ."""
        return self.unit if column.in_map_unit else column.unit

    def in_unit(self, unit):
        """The same table with susceptibilities and fields in another unit.

        Parameters
        ----------
        unit : {"ppm", "ppb"}
            The unit of all maps that are in one of these; other maps stay as they are.

        Returns
        -------
        RegionTable

        Raises
        ------
        QSMError
            For another unit, or if no map is in one of these.
        """
        if unit not in PER_PPM:
            raise QSMError(f"Susceptibility is given in ppm or ppb, not in {unit!r}.")
        if not any(row["unit"] in PER_PPM for row in self.rows):
            raise QSMError(f"No map is in ppm or ppb, so none can be shown in {unit}.")
        rows = tuple(self._scaled(row, unit) if row["unit"] in PER_PPM else row for row in self.rows)
        return replace(self, rows=rows)

    def relative_to(self, name):
        """The table with the mean of a region subtracted from the maps in ppm or ppb.

        The standard error of a difference is sqrt(sem^2 + sem_reference^2); spreads stay. Maps in other units (R2*,
        magnitude) have a zero of their own and stay.

        Parameters
        ----------
        name : str
            The region whose mean is subtracted.

        Returns
        -------
        RegionTable

        Raises
        ------
        QSMError
            If the reference is missing or empty, or the table is relative to a region already.
        """
        if any(row["relative_to"] for row in self.rows):
            raise QSMError("The table is relative to a region already; measure again without one.")
        if name != BRAIN or PER_PPM.keys() & set(self.units):  # of other maps, the brain may not have been measured
            self.of(name)
        rows = tuple(self._referenced(row, name) if row["unit"] in PER_PPM else row for row in self.rows)
        return replace(self, rows=rows, settings=self.settings | {"reference": name})

    def asymmetry(self):
        """A table of the pairs of left and right regions of each map.

        Names make a pair that differ in one word: left and right, L and R, lh and rh ("Left-Caudate", "caudate_l").
        The index is 200 (left - right) / (|left| + |right|) percent. It means little if the sides lie around zero,
        which is a convention for susceptibility: compare values relative to a reference. The reference cancels out of
        the difference, and so does its uncertainty.

        Returns
        -------
        RegionTable
            With ASYMMETRY_COLUMNS.

        Raises
        ------
        QSMError
            If no names make a pair.
        """
        return RegionTable(compared_rows(self), self.settings, columns.ASYMMETRY_COLUMNS)

    def _referenced(self, row, name):
        reference = self.of(name, row["map"])
        if reference["mean"] is None:
            raise QSMError(
                f"The reference {name!r} has no voxels to average in {row['map']} ({reference['note']}); "
                "choose another one, or none."
            )
        return {c.key: c.relative_to(row, reference) for c in self.columns} | {OWN_SEM: row["sem"]}

    def _scaled(self, row, unit):
        factor = scale(row["unit"], unit)
        keys = [column.key for column in self.columns if column.in_map_unit]
        keys += [OWN_SEM] if OWN_SEM in row else []
        return row | {"unit": unit} | {key: None if row[key] is None else row[key] * factor for key in keys}
