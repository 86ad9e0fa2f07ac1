"""The scripted module QSM Cohort, as 3D Slicer loads it; the work is done in the packages QSMLib and QSMLogic."""

import slicer
from QSMLib import find_core_package, forget_packages
from QSMLib.console.cohort import CohortMethods
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


class QSMCohort(ScriptedLoadableModule):
    """The module in Slicer's list of modules."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "QSM Cohort"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = ["QSM"]
        parent.contributors = ["SlicerQSM contributors"]
        parent.helpText = _(
            "Maps the magnetic susceptibility of all scans of a BIDS data set, or of a folder tree of DICOM files."
            " Choose the folder and one for the results, then press Start. The work can be canceled any time: the next"
            " start goes on from there. Double-click a scan to show its map over its magnitude. Group joins the values"
            " and pictures of all scans in tables and one page. It is what `python -m QSMLogic bids` does on a"
            " cluster. See"
            ' the <a href="https://github.com/SlicerQSM/SlicerQSM">documentation</a>.'
        )
        parent.acknowledgementText = _(
            "Please cite the publications of the methods used: the page of each scan lists them. This is research"
            " software, not a medical device."
        )
        find_core_package()


class QSMCohortWidget(ScriptedLoadableModuleWidget):
    """The module's panel."""

    panel = None  # until it is set up

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from QSMLib.panel.cohort.panel import CohortPanel

        self.logic = QSMCohortLogic()  # where slicer.util.getModuleLogic("QSMCohort") looks for it
        widget = slicer.util.loadUI(self.resourcePath("UI/QSMCohort.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.panel = CohortPanel(self.ui, self.logic.getParameterNode)

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


class QSMCohortLogic(CohortMethods, ScriptedLoadableModuleLogic):
    """The results of a cohort, for the panel and for Slicer's Python console.

    QSMError is raised for input that cannot be used; its message names the cause and the remedy. See CohortMethods for
    the methods.
    """


class QSMCohortTest(ScriptedLoadableModuleTest):
    """Self-test: a folder without results."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_folderWithoutResults(self):
        self.assertEqual(QSMCohortLogic().rows(slicer.app.temporaryPath), [])
