"""What VTK and MRML warn of, which Slicer shows in its log of errors."""

import vtk
from vtk.util.misc import calldata_type

vtk_messages = []


@calldata_type(vtk.VTK_STRING)
def _hear(window, event, text):
    vtk_messages.append(text.strip())


for _event in ("WarningEvent", "ErrorEvent"):
    vtk.vtkOutputWindow.GetInstance().AddObserver(_event, _hear)
