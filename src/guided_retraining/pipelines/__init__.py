"""The stages as Kedro pipelines: ``pipeline.py`` wires names, ``nodes.py`` holds the functions between them."""
