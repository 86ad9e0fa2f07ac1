"""DICOM: scans read from what a scanner sends, and maps written as images that archives and viewers accept.

library     pydicom and highdicom, which are optional outside Slicer
header      what a file says of one of its frames
finding     the DICOM files among others, and the scans in them
scan        a scan that was found
"""
