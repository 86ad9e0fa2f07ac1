"""Plots, pictures, reports and the methods text."""
