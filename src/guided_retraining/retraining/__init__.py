"""Orderings, budgets and configurations; the fit loop; the cells of the study."""
