"""The errors and warnings a user of this project meets.

Each message says what was found, what was expected, and which parameter or file to change.
"""

from __future__ import annotations


class GuidedRetrainingError(Exception):
    """Base of all errors raised on purpose by this project."""


class ParameterError(GuidedRetrainingError, ValueError):
    """A parameter (in ``conf/``, ``--params`` or a function call) has an impossible value or name."""


class DataFileError(GuidedRetrainingError):
    """A file below ``data/`` (or the user's own) is missing, damaged or of another layout than expected."""


class InputError(GuidedRetrainingError, ValueError):
    """An array has the wrong shape, dtype, range or content."""


class ModelError(GuidedRetrainingError, ValueError):
    """A model cannot be used: wrong input, wrong outputs, no softmax, no hidden dense layer."""


class BackendError(GuidedRetrainingError):
    """The deep-learning backend or its GPU cannot be used as asked."""


class GuidedRetrainingWarning(UserWarning):
    """Something a user should know that does not stop the work."""
