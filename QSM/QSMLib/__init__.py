"""The QSM module's work on nodes of the scene; only the package `panel` and the modules it uses need Qt."""
