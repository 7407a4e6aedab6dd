"""What a user is told of an error, whether it was met here or at a worker."""

from __future__ import annotations

import errno

from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from guided_retraining.errors import GuidedRetrainingError


def user_message(error: BaseException) -> str | None:
    """What to tell the user of an error, or None for one that is a fault of ours.

    Args:
        error: what was raised; Kedro wraps errors of data sets in its own, so causes are looked at too.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, GuidedRetrainingError):
            return str(cause)
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"no space left on the disk ({cause}). What was finished is kept: make room, the same command again"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ParameterValidationError | DatasetError):
        return str(error)
    if isinstance(error, ValueError) and "pipeline" in str(error).lower():
        return str(error)  # Kedro's own words for an unknown pipeline, namespace or node
    return None
