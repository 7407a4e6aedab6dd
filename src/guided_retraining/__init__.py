"""Guided retraining."""
