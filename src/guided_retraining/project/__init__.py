"""The project as Kedro sees it: how parameters are layered, and what happens around a run."""
