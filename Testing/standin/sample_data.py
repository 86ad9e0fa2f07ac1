"""Stand-in for the part of Slicer's module SampleData where other modules register data, and its buttons."""

import sys
import types

import slicer

_ONE_PER_FILE = ("uris", "fileNames", "nodeNames", "checksums", "loadFiles", "loadFileTypes")


def install():
    """Make `import SampleData` work, unless Slicer's own module was imported."""
    if "SampleData" not in sys.modules:
        module = types.ModuleType("SampleData")
        module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
        sys.modules["SampleData"] = module
    slicer.modules.sampleDataSources, slicer.modules.sampleDataSourceCategories = {}, {}


def press(sample_name):
    """Do what the button of a data set does, and return what its function for downloading returns."""
    sources = [source for found in slicer.modules.sampleDataSources.values() for source in found]
    (source,) = (source for source in sources if source.sampleName == sample_name)
    return source.customDownloader(source)


class SampleDataSource:
    """A data set. Slicer wants `uris` and `fileNames` also where a customDownloader needs none."""

    def __init__(self, sampleName=None, sampleDescription=None, customDownloader=None, thumbnailFileName=None, **files):
        self.sampleName, self.customDownloader, self.thumbnailFileName = sampleName, customDownloader, thumbnailFileName
        self.sampleDescription = sampleDescription or sampleName
        self.loadFileProperties = files.pop("loadFileProperties", None) or {}
        if files["uris"] is None:
            raise TypeError("uris are missing")
        single, count = isinstance(files["uris"], str), len(files["uris"])
        for name in _ONE_PER_FILE:
            value = files.pop(name, None)
            setattr(self, name, [value] if single else value or [None] * count)
        if files or len({len(getattr(self, name)) for name in _ONE_PER_FILE}) > 1:
            raise ValueError(f"of each of {_ONE_PER_FILE} there must be one a file")

    def __eq__(self, other):
        return vars(self) == vars(other)


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        slicer.modules.sampleDataSourceCategories.setdefault(category, {})["title"] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
    ):
        """Register a data set, once."""
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties,
            checksums=checksums,
        )
        registered = slicer.modules.sampleDataSources.setdefault(category, [])
        if source not in registered:
            registered.append(source)

    def sourceForSampleName(self, sampleName):
        sources = (source for found in slicer.modules.sampleDataSources.values() for source in found)
        return next((source for source in sources if source.sampleName == sampleName), None)

    def downloadFromSource(self, source):
        """Slicer's downloads the files; here only data sets with a function of their own can be had."""
        return source.customDownloader(source)
