"""How maps are shown: windows, colors, legends, layouts, charts."""
