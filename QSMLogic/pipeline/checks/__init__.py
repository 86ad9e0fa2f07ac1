"""What is checked of a scan before it is mapped, and of the map: one file per kind of fault."""
