"""What is to be reported of a scan."""


def reported_values(headers):
    """{name in BIDS: value}; headers: one FrameHeader per echo."""
    return {}
