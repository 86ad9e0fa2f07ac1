"""Between nodes of the scene and a scan: what comes in, and the maps that go out."""
