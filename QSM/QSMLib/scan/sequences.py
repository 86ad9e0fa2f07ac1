"""Sequences of volumes, one for each echo, and the volumes that show them."""

import slicer


def sequence_of(node):
    """The sequence that a node is or shows; None if there is none."""
    if node.IsA("vtkMRMLSequenceNode"):
        return node
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForProxyNode(node)
    return browser.GetSequenceNode(node) if browser else None


def proxy_of(sequence):
    """The node of the scene that shows a sequence; None if there is none."""
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
    return browser.GetProxyNode(sequence) if browser else None


def set_echo_times(sequence, times_s):
    """Let a sequence run over the echo times (seconds), or if there are none over the number of the echo.

    A sequence sorts its volumes by the index.
    """
    count = sequence.GetNumberOfDataNodes()
    before = [sequence.GetNthIndexValue(n) for n in range(count)]
    after = [f"{1000 * time:.9g}" for time in times_s] or [str(n + 1) for n in range(count)]
    # by way of values that no index has, because an index value cannot be given twice
    between = [str(-1000 - n) for n in range(count)]
    for old, new in (*zip(before, between, strict=True), *zip(between, after, strict=True)):
        sequence.UpdateIndexValue(old, new)
    sequence.SetIndexName("EchoTime" if times_s else "Echo")
    sequence.SetIndexUnit("ms" if times_s else "")


def show(sequences):
    """Let browsers show sequences, those of equal index together; returns {sequence: the volume that shows it}."""
    browsers, proxies = {}, {}
    for sequence in sequences:
        values = tuple(sequence.GetNthIndexValue(n) for n in range(sequence.GetNumberOfDataNodes()))
        browser = browsers.get((sequence.GetIndexName(), values))
        if browser:
            browser.AddSynchronizedSequenceNodeID(sequence.GetID())
        else:
            name = slicer.mrmlScene.GenerateUniqueName(f"{sequence.GetName()} browser")
            browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", name)
            browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
            browsers[sequence.GetIndexName(), values] = browser
        slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
        proxies[sequence] = browser.GetProxyNode(sequence)
    return proxies
