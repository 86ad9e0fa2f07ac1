"""The scripted module QSM, as 3D Slicer loads it; the work is done in the packages QSMLib and QSMLogic."""

import slicer
from QSMLib import find_core_package, forget_packages
from QSMLib.console import ConsoleLogic
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


class QSM(ScriptedLoadableModule):
    """The module in Slicer's list of modules."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "QSM"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = []
        parent.contributors = ["SlicerQSM contributors"]
        parent.helpText = _(
            "Quantitative susceptibility mapping (QSM) computes a map of magnetic susceptibility in parts per million"
            " from the phase of a gradient-echo MRI scan. Choose the magnitude and phase of a scan, or press Sample"
            " scan, then press Apply. The line above the buttons says what was found of the scan and, after a run,"
            " of the map. In the Python console, QSMLogic().process(magnitude, phase) computes the map, and"
            " QSMLogic().roiStatistics(segmentation, map) measures it in regions. See the <a href="
            '"https://github.com/SlicerQSM/SlicerQSM">documentation</a>.'
        )
        parent.acknowledgementText = _(
            "Please cite the publications of the methods used: Copy methods text lists them for a map, as does its"
            " node attribute QSM.Provenance. This is research software, not a medical device."
        )
        find_core_package()
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
        _register()  # a module added to a running Slicer has missed startupCompleted

    def enter(self):
        """The user opens the panel."""
        self.panel.enter()

    def cleanup(self):
        """The panel is closed for good."""
        if self.panel:
            self.panel.close()
            self.panel = None

    def onReload(self):
        """Reload the packages of the module, too."""
        self.cleanup()
        forget_packages()
        ScriptedLoadableModuleWidget.onReload(self)


class QSMLogic(ConsoleLogic, ScriptedLoadableModuleLogic):
    """Susceptibility mapping on nodes of the scene, for the panel and for Slicer's Python console.

    QSMError is raised for input that cannot be used; its message names the cause and the remedy. See ConsoleLogic for
    the methods.
    """


class QSMTest(ScriptedLoadableModuleTest):
    """Self-test: a simulated scan, its susceptibility map and its table."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_fromScanToTable(self):
        from QSMLib.scan import sample

        magnitude, phase, segmentation = sample.add_spheres()
        logic = QSMLogic()
        volume = logic.process(magnitude, phase)
        self.assertEqual(volume.GetVoxelValueUnits().GetCodeValue(), "[ppm]")
        table = logic.roiStatistics(segmentation, volume)
        self.assertEqual(table.GetNumberOfRows(), 3)  # two spheres and the whole brain
        means = slicer.util.arrayFromTableColumn(table, "mean_ppm")
        truth = sample.SPHERES_PPM
        self.assertAlmostEqual(means[0] - means[1], truth[0] - truth[1], delta=0.3 * abs(truth[0] - truth[1]))


def _register():
    """Register the sample scan, the Segment Statistics plug-in and the view layouts with Slicer; may be repeated."""
    from QSMLib.display import views
    from QSMLib.scan import sample

    views.add_layouts()
    if hasattr(slicer.modules, "sampledata"):
        sample.register_sample_data(views.show_volume)
    if hasattr(slicer.modules, "segmentstatistics"):
        from QSMLib.regions import segment_statistics

        segment_statistics.register()
