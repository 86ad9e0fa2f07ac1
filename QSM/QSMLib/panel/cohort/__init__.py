"""The panel of the module QSM Cohort. Each part takes the widgets of QSMCohort.ui that it works on."""
