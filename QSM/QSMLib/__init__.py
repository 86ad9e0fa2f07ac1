"""What the QSM module does with nodes of the scene. Nothing here needs Qt."""
