"""Slicer's scene, logics and scripted-module classes without the Slicer application.

It stands on the `slicer-core` package: MRML nodes, storage and module logics are Slicer's own; there is no Qt, no
main window and no application object. What passes here still has to be tried in a full Slicer.
"""
