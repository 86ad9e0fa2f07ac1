"""Quantitative susceptibility mapping in 3D Slicer: what Slicer loads. Each class here only wires."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


class QSM(ScriptedLoadableModule):
    """The module's entry in Slicer."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "QSM"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = []
        parent.contributors = ["SlicerQSM contributors"]
        parent.helpText = _(
            "Quantitative susceptibility mapping (QSM) turns the phase of a gradient-echo MRI scan into a map of"
            " magnetic susceptibility in parts per million. Choose magnitude and phase of a scan, or press Sample scan,"
            " and press Apply. From the Python console, QSMLogic().process(magnitude, phase) makes the map and"
            " QSMLogic().roiStatistics(segmentation, map) its table. See the <a href="
            '"https://github.com/SlicerQSM/SlicerQSM">documentation</a>.'
        )
        parent.acknowledgementText = _(
            "The methods are their authors' work: Copy methods text gives the publications to cite for a map, and its"
            " attribute QSM.Provenance lists them. This is research software, not a medical device."
        )
        _findCorePackage()
        slicer.app.connect("startupCompleted()", _register)


class QSMWidget(ScriptedLoadableModuleWidget):
    """The module's panel."""

    panel = None  # until it is set up

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from QSMLib.panel.panel import Panel

        self.logic = QSMLogic()  # where slicer.util.getModuleLogic("QSM") looks for it
        widget = slicer.util.loadUI(self.resourcePath("UI/QSM.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.panel = Panel(self.ui, self.logic.getParameterNode)
        _register()  # a module that is added to a running Slicer has missed the end of its start

    def enter(self):
        """The user opens the panel."""
        self.panel.enter()

    def cleanup(self):
        """The panel is closed for good."""
        if self.panel:
            self.panel.close()
            self.panel = None

    def onReload(self):
        """Load the packages behind the module anew, too."""
        self.cleanup()
        for name in [n for n in sys.modules if n.split(".")[0] in ("QSMLogic", "QSMLib")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class QSMLogic(ScriptedLoadableModuleLogic):
    """Susceptibility mapping on nodes of the scene. Bad input raises QSMError, which tells the cause and the remedy."""

    def process(
        self,
        magnitudeNodes,
        phaseNodes,
        echoTimes=None,
        fieldStrength=None,
        maskNode=None,
        outputVolume=None,
        settings=None,
        progress=None,
        b0Direction=None,
        intermediateMaps=False,
        referenceNode=None,
        strengthCurve=False,
    ):
        """Map the susceptibility of a gradient-echo scan and return the volume node that holds it, in ppm.

        magnitudeNodes, phaseNodes: a scalar volume, a list of them (one per echo), a sequence of volumes (or the
        volume that shows it) or one volume with a component per echo. Phase may be in any common scaling.
        echoTimes: in seconds, fieldStrength: in tesla; None looks for them in the node attributes QSM.EchoTimes and
        QSM.FieldStrength, in what a DICOM import has left, and in the DICOM database.
        maskNode: the tissue to map as a label map or volume (above zero inside), a segmentation (all its segments) or
        a pair (segmentation, segment ID or name); None makes one from the scan.
        outputVolume: a scalar volume to overwrite; None adds one beside the input.
        settings: methods and parameters per stage, e.g. {"background": {"method": "vsharp"}}; None is the default.
        progress: called as progress(stage, fraction of the run); it may raise Cancelled.
        b0Direction: B0 along the image axes (i, j, k); None takes the scanner's z axis from the orientation.
        intermediateMaps: add volumes of the total and the local field, of the field's uncertainty (ppm, where there are
        several echoes) and of the phase's quality (0 to 1), and label maps of the masks, too.
        referenceNode: where the susceptibility is to be zero on average, a node or pair like maskNode; None leaves the
        reference to the settings.
        strengthCurve: run the inversion at other strengths, too, and add a plot chart of how well each map fits the
        field and how smooth it is; it is the map's node reference QSM.StrengthChart.
        QSMError and Cancelled are in the package QSMLogic.
        The inputs stay as they are, and so does the scene where the run fails or is cancelled.
        """
        from QSMLib import logic as scene
        from QSMLib.scan.request import Request

        request = Request(
            magnitudeNodes,
            phaseNodes,
            echoTimes,
            fieldStrength,
            b0Direction,
            maskNode,
            outputVolume,
            settings,
            intermediateMaps,
            referenceNode,
            strengthCurve,
        )
        return scene.process(request, progress)

    def roiStatistics(self, segmentationNode, susceptibilityVolume, tableNode=None):
        """Fill a table node with the susceptibility in each segment, and return it.

        The same as regionTable with one map, which is taken to be in ppm where it has no unit.
        """
        from QSMLib import logic as scene

        return scene.roi_statistics(segmentationNode, susceptibilityVolume, tableNode)

    def regionTable(
        self,
        regionsNode,
        maps,
        tableNode=None,
        unit="ppm",
        reference=None,
        erosionMm=0.0,
        edges="nearest",
        leftRight=False,
    ):
        """Measure maps in regions into a table node with a row for each region of each map, and return the node.

        regionsNode: a segmentation or a label map, on any grid and under any transform; segments may overlap.
        maps: a scalar volume or a list of them; each needs a unit (SetVoxelValueUnits), which maps of this module have.
        tableNode: a table to overwrite; None adds one beside the first map.
        unit: "ppm" or "ppb" for susceptibilities and fields; other maps keep their own.
        reference: name of the region whose mean is subtracted from them, with its standard error.
        erosionMm: leave out voxels as near as this to the edge of a region, where they hold other tissue, too.
        edges: how regions of another grid are counted: "nearest" voxel, "half" for voxels that are covered by at least
        half, "weights" for each by its covered share.
        leftRight: also fill a table that compares segments whose names differ in left and right.
        In a map of this module, voxels outside the reconstruction do not count; in all maps, voxels without a finite
        value do not. How many is in the table. Median and percentiles are exact.
        """
        from QSMLib.regions.measure import Measurement, measure_into_table

        maps = tuple(maps) if isinstance(maps, list | tuple) else (maps,)
        measurement = Measurement(regionsNode, maps, unit, reference or "", erosionMm, edges)
        return measure_into_table(measurement, tableNode, leftRight)

    def regionPlot(self, tableNode, kind="box", *arguments, path=None):
        """Plot a table of regionTable; returns the chart node, or with a path (.svg, .png) what was written.

        kind and arguments: "box" with a map; "histogram" with a segment and a map; "scatter" with the maps along x
        and y; "time" with a segment and a map, of a table of addToStudy. Maps are named as in the table.
        """
        from QSMLib.regions import exports, plots

        if path:
            return exports.save_plot(tableNode, path, kind, *arguments)
        return plots.CHARTS[kind](tableNode, *arguments)

    def saveRegions(self, tableNode, path):
        """Write a table of regionTable: as CSV, as TSV with a JSON file that explains it, or as a report (.html).

        The report is one page with pictures, parameters and references, which opens in any browser without a network.
        Returns the paths.
        """
        from QSMLib.regions import exports

        return exports.save(tableNode, path)

    def addToStudy(self, tableNode, study, subject, session="", time="", replace=False, mixedSettings=False):
        """Add a table of regionTable to the table of a study, a table node (None adds one) or a CSV or TSV file.

        subject, session: names. time: a number (age, months) or a date. replace: rows of the same subject, session,
        time, map and segment give way; they are refused otherwise. mixedSettings: accept a scan that was mapped or
        measured with other settings, which is then flagged. Returns the table node or the paths.
        """
        from QSMLib.regions import study as region_study

        node = study is None or hasattr(study, "IsA")
        add = region_study.add_to_node if node else region_study.add_to_file
        return add(tableNode, study, subject, session, time, replaces=replace, mixed=mixedSettings)


class QSMTest(ScriptedLoadableModuleTest):
    """A simulated scan in the scene, its susceptibility map and its table."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_fromScanToTable(self):
        from QSMLib import sample

        magnitude, phase, segmentation = sample.add_spheres()
        logic = QSMLogic()
        volume = logic.process(magnitude, phase)
        self.assertEqual(volume.GetVoxelValueUnits().GetCodeValue(), "[ppm]")
        table = logic.roiStatistics(segmentation, volume)
        self.assertEqual(table.GetNumberOfRows(), 2)
        means = slicer.util.arrayFromTableColumn(table, "mean_ppm")
        truth = sample.SPHERES_PPM
        self.assertAlmostEqual(means[0] - means[1], truth[0] - truth[1], delta=0.3 * abs(truth[0] - truth[1]))


def _findCorePackage():
    """Let `import QSMLogic` find the package: installed, it lies beside this file; in a checkout, one folder up."""
    here = Path(__file__).resolve().parent
    if not (here / "QSMLogic").is_dir() and (here.parent / "QSMLogic").is_dir() and str(here.parent) not in sys.path:
        sys.path.append(str(here.parent))


def _register():
    """Offer the simulated head in Sample Data and our values in Segment Statistics; tell Slicer of our layouts.

    A second time changes nothing.
    """
    from QSMLib import sample
    from QSMLib.display import views

    views.add_layouts()
    if hasattr(slicer.modules, "sampledata"):
        sample.register_sample_data()
    if hasattr(slicer.modules, "segmentstatistics"):
        from QSMLib.regions import segment_statistics

        segment_statistics.register()
