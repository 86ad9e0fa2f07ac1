"""The panel's parts. Each takes the widgets of QSM.ui that it works on, and a State."""
