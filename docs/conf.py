"""The documentation site: these pages, and the reference from the docstrings. Built by ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from guided_retraining import __version__  # noqa: E402

project = "guided-retraining"
author = "The guided-retraining contributors"
release = __version__
html_theme = "furo"
html_title = f"guided-retraining {release}"
extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3  # links such as scaling.md#where-the-data-lie

apidoc_modules = [
    {
        "path": "../src/guided_retraining",
        "destination": "api",
        "module_first": True,
        "exclude_patterns": ["../src/guided_retraining/__main__.py"],
    }
]
autodoc_member_order = "bysource"
autodoc_default_options = {
    "ignore-module-all": True,  # everything once, where it lives
    "exclude-members": "set_fit_request",  # scikit-learn puts it into every estimator
}
napoleon_use_ivar = True
napoleon_attr_annotations = False
nitpicky = True  # a reference in a docstring that leads nowhere fails, too
nitpick_ignore_regex = [
    ("py:.*", r"(?!guided_retraining\.).*"),  # other projects' names are not linked
    ("py:.*", r".*\.(_\w+|Item|Result|Row|Thing)"),  # private bases and type variables have no place
]
