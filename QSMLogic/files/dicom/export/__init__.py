"""Maps as DICOM objects that archives and viewers show beside the scan that they were made of.

writing          write_dicom: everything that is asked for, all or nothing
plan             numbers and folders of the series, and what lies there already
source           patient, study, frame of reference and orientation, from the files of the scan
stack            a map as slices that lie as those of the scan
pixels           a map as integers with a unit, a window and a padding value
attributes       what derived objects take over from the scan, and what they say of themselves
about            what a series says of itself
map_series       a map as a series of MR images
parametric_map   a map as float numbers (highdicom)
region_report    regions as a segmentation, and their values as a structured report (highdicom)
"""
