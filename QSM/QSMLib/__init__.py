"""The QSM module's work on nodes of the scene. Only the package `panel` needs Qt; saving a plot as PNG uses it, too."""
