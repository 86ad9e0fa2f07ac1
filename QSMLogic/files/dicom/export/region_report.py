"""Regions as a segmentation, and their values as a structured report (TID 1500), both by highdicom."""

from dataclasses import dataclass, field

import numpy as np

from ....model.errors import QSMError
from ....version import __version__
from ..libraries import highdicom
from .about import nameless
from .attributes import MANUFACTURER, MODEL, new_uid, unit_code

MR_PROCEDURE = ("113091000", "SCT", "Magnetic resonance imaging")
ANATOMY = ("91723000", "SCT", "Anatomical structure")
ALGORITHM = ("segmentation", "99QSM", "Segmentation")
LONGEST_LABEL = 64
UNKNOWN = "unknown"


@dataclass(frozen=True)
class RegionValue:
    """A number that was measured in a region.

    Parameters
    ----------
    quantity : tuple of str
        What was measured, as a DICOM code: value, scheme, meaning, such as ("118565006", "SCT", "Volume").
    number : float
    unit : str
        One of `QSMLogic.model.units.UNITS`.
    statistic : tuple of str, optional
        Of the voxels, as a DICOM code, such as ("373098007", "SCT", "Mean").
    relative_to : str
        The region whose mean was subtracted; "": none.
    """

    quantity: tuple
    number: float
    unit: str
    statistic: tuple | None = None
    relative_to: str = ""


@dataclass(frozen=True)
class ReportedRegion:
    """A region of the report.

    Parameters
    ----------
    label : int
        Its value in the label image.
    name : str
    values : tuple of RegionValue
    color : tuple of float, optional
        Red, green and blue, 0 to 1.
    """

    label: int
    name: str
    values: tuple = ()
    color: tuple | None = None


@dataclass(frozen=True)
class RegionReport:
    """Regions and what was measured in them.

    Parameters
    ----------
    labels : numpy.ndarray
        Whole numbers (k, j, i) on the grid of the maps, 0 outside.
    regions : tuple of ReportedRegion
        Those without voxels are left out.
    drawn_by : str
        The algorithm that segmented the regions; "": nobody knows whether a program or a hand did.
    """

    labels: np.ndarray = field(repr=False)
    regions: tuple
    drawn_by: str = ""

    def present(self):
        """The regions that have voxels; QSMError if there are none."""
        found = set(np.unique(self.labels).tolist())
        regions = [region for region in self.regions if region.label in found]
        if not regions:
            raise QSMError("None of the regions has voxels in the label image. Check the labels of the regions.")
        return regions


def segmentation(report, labels, images, about):
    """The segmentation of the regions, a dataset, and a tracking UID for each of them.

    labels: those of the report as slices, rows and columns; images: the series of MR images that they lie on.
    """
    hd = highdicom()
    regions = report.present()
    numbered = np.zeros(labels.shape, np.uint8 if len(regions) < 256 else np.uint16)
    for number, region in enumerate(regions, 1):
        numbered[labels == region.label] = number
    tracking = [new_uid() for _ in regions]
    dataset = hd.seg.Segmentation(
        nameless(images),
        numbered,
        hd.seg.SegmentationTypeValues.BINARY,
        [_segment(hd, report, n, region, tracking[n - 1]) for n, region in enumerate(regions, 1)],
        **about.arguments(),
        content_label="REGIONS",
        content_description="Regions of interest",
    )
    return about.completed(dataset, images[0]), tracking


def structured_report(report, segments, tracking, images, about):
    """The values of the regions, a dataset that refers to their segmentation."""
    hd = highdicom()
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=new_uid(), manufacturer_name=MANUFACTURER, model_name=MODEL, serial_number=__version__
    )
    observer = hd.sr.ObserverContext(
        hd.sr.CodedConcept("121007", "DCM", "Device"), observer_identifying_attributes=device
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=hd.sr.CodedConcept(*MR_PROCEDURE),
        imaging_measurements=[
            _measurements(hd, region, number, uid, segments, images)
            for number, (region, uid) in enumerate(zip(report.present(), tracking, strict=True), 1)
        ],
    )
    dataset = hd.sr.ComprehensiveSR(
        evidence=nameless([segments, *images]), content=content[0], is_complete=True, **about.arguments()
    )
    return about.completed(dataset, images[0])


def _segment(hd, report, number, region, tracking):
    name, version = (report.drawn_by[:LONGEST_LABEL], __version__) if report.drawn_by else (UNKNOWN, UNKNOWN)
    algorithm = hd.AlgorithmIdentificationSequence(name, hd.sr.CodedConcept(*ALGORITHM), version=version)
    color = region.color and hd.color.CIELabColor.from_rgb(*(round(255 * part) for part in region.color))
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=region.name[:LONGEST_LABEL],
        segmented_property_category=hd.sr.CodedConcept(*ANATOMY),
        segmented_property_type=hd.sr.CodedConcept(*ANATOMY),
        algorithm_type="AUTOMATIC" if report.drawn_by else "SEMIAUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=tracking,
        tracking_id=region.name[:LONGEST_LABEL],
        display_color=color,
    )


def _measurements(hd, region, number, tracking, segments, images):
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=tracking, identifier=region.name),
        referenced_segment=hd.sr.ReferencedSegment(
            segments.SOPClassUID,
            segments.SOPInstanceUID,
            number,
            source_series=hd.sr.SourceSeriesForSegmentation(images[0].SeriesInstanceUID),
        ),
        measurements=[_measurement(hd, value) for value in region.values],
    )


def _measurement(hd, value):
    return hd.sr.Measurement(
        name=hd.sr.CodedConcept(*value.quantity),
        value=float(f"{value.number:.6g}"),
        unit=hd.sr.CodedConcept(*unit_code(value.unit)),
        derivation=value.statistic and hd.sr.CodedConcept(*value.statistic),
        method=_relative(hd, value.relative_to) if value.relative_to else None,
    )


def _relative(hd, reference):
    return hd.sr.CodedConcept("relative", "99QSM", f"Difference from {reference}"[:LONGEST_LABEL])
