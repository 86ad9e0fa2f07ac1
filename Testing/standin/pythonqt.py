"""PythonQt's view of Qt on top of PySide6: the modules `qt` and, with the widgets of ctk.py, `ctk`.

`install()` changes PySide6's own classes for the whole process, so that also objects which Qt itself makes behave:
  * Qt properties are attributes: `label.text = "x"`, `button.checked`; a getter of the same name is gone, setters stay.
  * `obj.connect("signal(arguments)", f)` and `disconnect`, as well as `obj.signal.connect(f)`; functions and methods
    get as many arguments as they take, other callables all.
  * Objects of C++ classes take no new attributes; their children and dynamic properties are attributes by name.
  * `name` is objectName, `className()` the name of the C++ class.
  * What is empty, null, not valid or deleted is false (truth.py), and a widget's tooltip becomes rich text, as in
    Slicer (tooltips.py).
Exceptions in slots, event handlers and observers are kept in `slot_errors`, what PythonQt warns of in `warnings`.
"""

import re
import sys
import types
import weakref

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets
from shibokensupport import feature

from .tooltips import use_rich_tooltips
from .truth import use_truth_of_pythonqt

slot_errors, warnings = [], []

# classes written in Python that stand for C++ ones: the .ui loader makes them, and they take no new attributes
widget_classes = {}

qt = types.ModuleType("qt")
ctk = types.ModuleType("ctk")

_MODULES = (QtWidgets, QtGui, QtCore)
_connections = weakref.WeakKeyDictionary()


def install():
    """Make `import qt` and `import ctk` work and return the module qt. A second call does nothing."""
    if sys.modules.get("qt") is qt:
        return qt
    feature._mod_uses_pyside = lambda module: False  # PySide6 alone reads the source of all that is imported
    single_shot = QtCore.QTimer.singleShot
    for kind, read in [(kind, kind.__getattribute__) for kind in _qobject_classes()]:
        _change(kind, read)
    use_truth_of_pythonqt(_MODULES)
    use_rich_tooltips()
    QtWidgets.QWidget.deleteLater = _delete_later(QtWidgets.QWidget.deleteLater)
    QtCore.QObject.name = _property("objectName")
    QtCore.QObject.className = lambda self: self.metaObject().className()
    QtCore.QObject.delete = lambda self: shiboken6.delete(self)
    for module in reversed(_MODULES):
        vars(qt).update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    QtCore.QTimer.singleShot = _SingleShot(single_shot)
    sys.modules |= {"qt": qt, "ctk": ctk}
    previous = sys.excepthook
    sys.excepthook = lambda kind, error, trace: (slot_errors.append(error), previous(kind, error, trace))
    return qt


def stand_in(kind):
    """Class decorator: the class stands for the C++ class of the same name."""
    widget_classes[kind.__name__] = kind
    if kind.__name__.startswith("ctk"):
        setattr(ctk, kind.__name__, kind)
    return kind


def qt_property(kind, name, default):
    """A Qt property, kept in the attribute `_NAME` of the instance; `_NAME_changed()` is called where there is one."""
    field, changed = f"_{name}", f"_{name}_changed"

    def read(self):
        return self.__dict__.get(field, default)

    def write(self, value):
        self.__dict__[field] = value
        if hasattr(type(self), changed):
            getattr(self, changed)()

    return QtCore.Property(kind, read, write)


def inner_property(kind, inner, name):
    """A Qt property that is the one of the widget in the attribute `inner`."""
    return QtCore.Property(
        kind,
        lambda self: getattr(getattr(self, inner), name),
        lambda self, value: setattr(getattr(self, inner), name, value),
    )


def _delete_later(delete):
    """A widget without a parent belongs to Python in PythonQt. When Qt deletes it, the slots that it holds go, with
    them perhaps the last reference to it, and it is deleted a second time, which ends Slicer."""

    def delete_later(self):
        if self.parent() is None:
            warnings.append(f"{type(self).__name__} {self.objectName!r} has no parent and would be deleted twice")
        delete(self)

    return delete_later


def _qobject_classes():
    """All classes of QObjects; those of the application are left alone, as their getters are static."""
    for module in _MODULES:
        for name in dir(module):
            kind = getattr(module, name)
            if isinstance(kind, type) and issubclass(kind, QtCore.QObject):
                yield kind


def _change(kind, read):
    kind.__getattribute__, kind.__setattr__ = _getter(read), _set
    if issubclass(kind, QtCore.QCoreApplication):
        return
    meta = kind.staticMetaObject
    for index in range(meta.propertyCount()):
        name = meta.property(index).name()
        if index >= meta.propertyOffset() or name in vars(kind):
            setattr(kind, name, _property(name, vars(kind).get(name)))
    if hasattr(kind, "exec"):
        kind.exec_ = lambda self, *arguments: self.exec(*arguments)


def _property(name, getter=None):
    """The attribute that stands for a Qt property. The class's own getter does not go through virtual functions,
    which would look for this attribute again."""
    setter = "set" + name[0].upper() + name[1:]

    def read(self):
        return getter(self) if callable(getter) else self.property(name)

    def write(self, value):
        if hasattr(type(self), setter):
            getattr(self, setter)(value)
        elif not self.setProperty(name, value):
            raise AttributeError(f"{type(self).__name__}.{name} cannot be set to {value!r}")

    return property(read, write)


class _SingleShot:
    """QTimer.singleShot is a static function of the class and a property of its instances."""

    def __init__(self, function):
        self.function = function

    def __get__(self, timer, kind):
        return self.function if timer is None else timer.isSingleShot()

    def __set__(self, timer, value):
        raise AttributeError("Slot 'singleShot' can not be overwritten: PythonQt wants setSingleShot")


def _getter(read):
    """A class's `__getattribute__`; read: the one that it had before."""

    def get(self, name):
        if name in ("connect", "disconnect"):
            return types.MethodType(_connect if name == "connect" else _disconnect, self)
        try:
            found = read(self, name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return _by_name(self, name)
        return _Signal(self, name, found) if isinstance(found, QtCore.SignalInstance) else found

    return get


def _by_name(self, name):
    """A dynamic property or a child."""
    if name.encode() in [bytes(known) for known in self.dynamicPropertyNames()]:
        return self.property(name)
    for child in self.children():
        if child.objectName == name:
            return child
    raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


def _set(self, name, value):
    kinds = [kind for kind in type(self).__mro__ if name in vars(kind)]
    known = vars(kinds[0])[name] if kinds else None
    if isinstance(known, QtCore.Property):
        self.setProperty(name, value)
    elif hasattr(type(known), "__set__"):
        known.__set__(self, value)
    elif isinstance(value, QtCore.SignalInstance) or not _stands_for_cpp(type(self)) or (name[0] == "_" and kinds):
        self.__dict__[name] = value
    elif name.encode() in [bytes(dynamic) for dynamic in self.dynamicPropertyNames()]:
        self.setProperty(name, value)
    # Qt's .ui loader hands the children out by setting them; they are found by name anyway
    elif not (isinstance(value, QtCore.QObject) and value.objectName == name):
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r} and takes no new ones")


def _stands_for_cpp(kind):
    return kind.__module__.startswith("PySide6.") or kind.__name__ in widget_classes


class _Signal:
    """What `obj.signal` is: of several signals of one name the one that is declared first."""

    def __init__(self, sender, name, instance):
        self._sender, self._name, self._instance = sender, name, instance

    def connect(self, slot):
        return _connect(self._sender, self._signature(), slot)

    def disconnect(self, slot):
        return _disconnect(self._sender, self._signature(), slot)

    def emit(self, *arguments):
        self._instance.emit(*arguments)

    def __call__(self, *arguments):
        return self._instance(*arguments)

    def __getitem__(self, arguments):
        return self._instance[arguments]

    def _signature(self):
        meta = self._sender.metaObject()
        signatures = (bytes(meta.method(n).methodSignature()).decode() for n in range(meta.methodCount()))
        return next(found for found in signatures if found.startswith(f"{self._name}("))


def _connect(self, signature, receiver, slot=None):
    """Call a function, or a receiver's slot, at each signal; returns whether there is such a signal."""
    if isinstance(signature, QtCore.QObject):  # PySide6 itself, for QTimer.singleShot
        return QtCore.QObject.connect(signature, receiver, slot)
    slot = getattr(receiver, slot.split("(")[0]) if slot else receiver
    if not callable(slot):
        raise TypeError(f"{slot!r} cannot be called")
    known = _signature(self, signature)
    if not known:
        return warn_of_signal("connect", signature, type(self).__name__)
    signature = known
    made = QtCore.QObject.connect(self, QtCore.SIGNAL(signature), _caller(slot))
    _connections.setdefault(self, []).append((signature, slot, made))
    return bool(made)


def _disconnect(self, signature, receiver, slot=None):
    slot = getattr(receiver, slot.split("(")[0]) if slot else receiver
    known = _signature(self, signature)
    if not known:
        return warn_of_signal("disconnect", signature, type(self).__name__)
    connections = _connections.get(self, [])
    found = [made for made in connections if made[:2] == (known, slot)]
    for made in found:
        QtCore.QObject.disconnect(made[2])
        connections.remove(made)
    return bool(found)


def warn_of_signal(act, signal, class_name):
    """Warn of a signal that is not there, as PythonQt does; returns False."""
    warnings.append(f"QObject::{act}() signal '{signal}' does not exist on {class_name}")
    print(f"PythonQt: {warnings[-1]}", file=sys.stderr)
    return False


def _signature(sender, signature):
    """The signal's normalized signature, "" where there is none. PySide6 carries VTK objects as Python objects."""
    signature = re.sub(r"vtk\w+\s*\*", "PyObject", signature)
    signature = bytes(QtCore.QMetaObject.normalizedSignature(signature)).decode()
    return signature if sender.metaObject().indexOfSignal(signature) >= 0 else ""


def _caller(slot):
    """Calls the slot with as many of the signal's arguments as PythonQt passes to it."""
    count = _argument_count(slot)

    def call(*arguments):
        try:
            slot(*arguments[:count])
        except Exception:
            sys.excepthook(*sys.exc_info())

    return call


def _argument_count(slot):
    """How many arguments a Python function or method takes; None, which stands for all, for other callables."""
    function = getattr(slot, "__func__", slot)
    if not isinstance(function, types.FunctionType) or function.__code__.co_flags & 4:  # *arguments
        return None
    return function.__code__.co_argcount - isinstance(slot, types.MethodType)
