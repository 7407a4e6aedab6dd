"""Catalog data sets: every file is written whole or not at all, and large ones are memory-mapped."""
