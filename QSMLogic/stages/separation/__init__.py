"""Methods of one stage, one file each; see QSMLogic.registry.method."""
