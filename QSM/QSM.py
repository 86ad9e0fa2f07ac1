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
        slicer.app.connect("startupCompleted()", _startupCompleted)


class QSMWidget(ScriptedLoadableModuleWidget):
    """The module's panel."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from QSMLib.panel.panel import Panel

        self.logic = QSMLogic()  # where slicer.util.getModuleLogic("QSM") looks for it
        widget = slicer.util.loadUI(self.resourcePath("UI/QSM.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.panel = Panel(self.ui, self.logic.getParameterNode)

    def enter(self):
        """The user opens the panel."""
        self.panel.enter()

    def cleanup(self):
        """The panel is closed for good."""
        self.panel.close()

    def onReload(self):
        """Load the packages behind the module anew, too."""
        self.panel.close()
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
        intermediateMaps: add volumes of the total and the local field, and label maps of the masks, too.
        QSMError and Cancelled are in the package QSMLogic.
        The inputs stay as they are, and so does the scene where the run fails or is cancelled.
        """
        from QSMLib import scene
        from QSMLib.request import Request

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
        )
        return scene.process(request, progress)

    def roiStatistics(self, segmentationNode, susceptibilityVolume, tableNode=None):
        """Fill a table node with the susceptibility in each segment, and return it.

        segmentationNode: a segmentation on any grid, or a label map on the map's grid. tableNode: a table to
        overwrite; None adds one. Columns: segment, voxels, volume in mm3, and mean, standard deviation, median, 5th
        and 95th percentile, minimum and maximum in ppm. In a map made by this module, voxels outside the
        reconstruction do not count; in any other, all finite voxels do.
        """
        from QSMLib import scene

        return scene.roi_statistics(segmentationNode, susceptibilityVolume, tableNode)


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


def _startupCompleted():
    """Offer the simulated head in Sample Data and our values in Segment Statistics; tell Slicer of our layouts."""
    from QSMLib import display, sample

    sample.register_sample_data()
    display.add_layouts()
    if hasattr(slicer.modules, "segmentstatistics"):
        from QSMLib import segment_statistics

        segment_statistics.register()
