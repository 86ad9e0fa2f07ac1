"""Slicer's application object, module manager and pop-ups around a scene, with real Qt widgets off the screen.

session = start_application()
loaded = load_module()
loaded.enter()
...
assert session.messages[-1].text == "..."
"""

import logging
import os
import sys
import tempfile
from dataclasses import dataclass, field

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import slicer
import slicer.util

from . import bootstrap
from .pythonqt import install, warn_of_signal

qt = install()

from . import ctk, ctk_numbers, qmrml, ui_loader  # noqa: F401, E402
from .layout import LayoutManager  # noqa: E402
from .modules import add_modules  # noqa: E402
from .widget_pictures import use_plain_looks  # noqa: E402

_session = []


@dataclass
class Message:
    """A pop-up: its logging level (None for a plain message box), its text and what else it was called with."""

    level: int
    text: str
    options: dict


@dataclass
class Session:
    """A running application. Tests look here at what it was told and say what the user answers."""

    application: object  # scene, application logic and module logics
    app: object
    messages: list = field(default_factory=list)
    answers: list = field(default_factory=list)  # to the next questions: True, False or a button; without one, True
    selected_modules: list = field(default_factory=list)

    @property
    def scene(self):
        return self.application.scene

    def complete_startup(self):
        """What Slicer does when its main window is up."""
        self.app.emit("startupCompleted()")

    def texts(self, level=logging.ERROR):
        return [message.text for message in self.messages if message.level == level]


def start_application(fresh=True):
    """Start the application, or with `fresh` start it anew with an empty scene; Qt stays. Returns the Session."""
    if _session and not fresh:
        return _session[0]
    application = bootstrap.bootstrap()
    slicer.app = Application(application)
    for name in ("qMRMLWidget", "qMRMLNodeComboBox", "qSlicerWidget", "qSlicerScriptedLoadableModuleWidget"):
        setattr(slicer, name, getattr(qmrml, name))
    session = Session(application, slicer.app)
    _session[:] = [session]
    application.scene.AddObserver(application.scene.EndImportEvent, _merge_hierarchies, 10.0)
    slicer.util._messageDisplay, slicer.util.messageBox = _message_display, _message_box
    ctk.ctkMessageBox.answer = staticmethod(lambda box: _message_box(box.text, standardButtons=box.standardButtons))
    slicer.util.selectModule, slicer.util.selectedModule = _select_module, _selected_module
    add_modules()
    return session


class Application:
    """`slicer.app`: what scripted modules and slicer.util ask of it; anything else raises AttributeError."""

    applicationName, majorVersion, minorVersion, revision = "Slicer", 5, 12, "0"

    def __init__(self, application):
        self._application = application
        self._slots = {}
        self._renders_paused = 0
        self._folder = tempfile.TemporaryDirectory(prefix="standin_")
        self._manager = ModuleManager()
        self._layout = LayoutManager(application, later=lambda act: qt.QTimer.singleShot(0, act))
        self._testing = False

    @property
    def temporaryPath(self):
        return self._folder.name

    def mrmlScene(self):
        return slicer.mrmlScene

    def applicationLogic(self):
        return self._application.logic

    def moduleManager(self):
        return self._manager

    def layoutManager(self):
        return self._layout

    def testingEnabled(self):
        return self._testing

    def mainWindow(self):
        return None

    def topLevelWidgets(self):
        return qt.QApplication.topLevelWidgets()

    def processEvents(self, *flags):
        qt.QApplication.processEvents(*flags)

    def pauseRender(self):
        self._renders_paused += 1

    def resumeRender(self):
        self._renders_paused -= 1

    def setOverrideCursor(self, cursor):
        qt.QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self):
        qt.QApplication.restoreOverrideCursor()

    def translate(self, context, text):
        return text

    def userSettings(self):
        return qt.QSettings()

    settings = userSettings

    def startupEnvironment(self):
        return qt.QProcessEnvironment.systemEnvironment()

    def clipboard(self):
        return qt.QApplication.clipboard()

    def keyboardModifiers(self):
        return qt.QApplication.keyboardModifiers()

    def connect(self, signal, slot):
        if signal not in ("startupCompleted()", "aboutToQuit()"):
            return warn_of_signal("connect", signal, "qSlicerApplication")
        self._slots.setdefault(signal, []).append(slot)
        return True

    def disconnect(self, signal, slot):
        self._slots[signal].remove(slot)
        return True

    def emit(self, signal):
        """Call what is connected to a signal of the application. (For tests; Slicer's has no such function.)"""
        for slot in list(self._slots.get(signal, [])):
            slot()


class ModuleManager:
    """`slicer.app.moduleManager()`"""

    def __init__(self):
        self._slots = []

    def connect(self, signal, slot):
        if signal != "moduleAboutToBeUnloaded(QString)":
            return warn_of_signal("connect", signal, "qSlicerModuleManager")
        self._slots.append(slot)
        return True

    def disconnect(self, signal, slot):
        if slot in self._slots:
            self._slots.remove(slot)
        return True

    def module(self, name):
        return getattr(slicer.modules, name.lower(), None)

    def modulesNames(self):
        return tuple(module.name for module in vars(slicer.modules).values() if hasattr(module, "widgetRepresentation"))

    def unload(self, name):
        """What happens to a module when the application ends. (For tests.)"""
        for slot in list(self._slots):
            slot(name)


def _merge_hierarchies(scene, event):
    """Slicer makes one subject hierarchy of the present one and that of an added scene, before its widgets follow
    (qSlicerSubjectHierarchyPluginLogic.cxx, onSceneImportEnded)."""
    slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)


def _qt_application():
    """Qt's application object, with settings of its own, in a folder that goes with it."""
    qt_application = qt.QApplication.instance() or qt.QApplication(["standin"])
    qt.QApplication.setOrganizationName("standin")
    qt.QApplication.setApplicationName("standin")
    qt.QApplication.setQuitOnLastWindowClosed(False)
    folder = tempfile.TemporaryDirectory(prefix="standin_settings_")
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, folder.name)
    use_plain_looks(qt_application)
    qt.qInstallMessageHandler(_print_message)
    return qt_application, folder


def _print_message(kind, context, text):
    """Qt's messages, save those about what is no window of a screen."""
    if not text.startswith("This plugin does not support"):
        print(f"Qt: {text}", file=sys.stderr)


def _message_display(level, text, answer, parent=None, windowTitle=None, mainWindowNeeded=False, **options):
    """In place of Slicer's function behind errorDisplay, confirmOkCancelDisplay and the like."""
    logging.log(level, text)
    _session[0].messages.append(Message(level, text, {"windowTitle": windowTitle, **options}))
    return None if answer is None else _answer(options)


def _message_box(text, parent=None, **options):
    _session[0].messages.append(Message(None, text, options))
    return _answer(options)


def _answer(options):
    """The button that the user presses: the next of the session's answers, or what goes on."""
    answers = _session[0].answers
    answer = answers.pop(0) if answers else True
    if not isinstance(answer, bool):
        return answer
    box = qt.QMessageBox
    shown = options.get("standardButtons", box.Ok)
    yes_no = [(box.Ok, box.Cancel), (box.Yes, box.No), (box.Retry, box.Close)]
    return next(yes if answer else no for yes, no in yes_no if shown & yes)


def _select_module(module):
    name = module if isinstance(module, str) else module.name
    if not hasattr(slicer.modules, name.lower()):
        raise RuntimeError(f"There is no module {name}")
    _session[0].selected_modules.append(name)


def _selected_module():
    selected = _session[0].selected_modules
    return selected[-1] if selected else ""


_kept = _qt_application()
