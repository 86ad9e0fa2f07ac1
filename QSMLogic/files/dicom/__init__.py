"""DICOM: scans read from what a scanner sends, and maps written as images that archives and viewers accept.

libraries   pydicom and highdicom, which are optional outside Slicer
header      what a file says of one of its frames

finding     the scans in folders, files or a DICOMDIR
walking     the files among them that may be DICOM
frames      the frames of a file, from its header alone
frame       what is kept of a frame and of its series
kinds       what an image shows: magnitude, phase, or nothing for QSM
values      from stored values to those that are meant, phase to radians
vendors/    what is specific of a vendor, one file each
stacks      frames to stacks along k and in time, and their grid
sorting     the frames of a series to images that belong together
merging     echoes that are series of their own to one scan
pairing     magnitude and phase to each other
starts      whether two images are of one acquisition
echo_times  the times of the echoes
reported    what is to be reported of a scan
scan        a scan that was found

loading     a scan as arrays
pixels      the stored values of frames
to_bids     scans as a BIDS data set
export/     maps and regions as DICOM
"""
