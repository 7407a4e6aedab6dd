"""The losses that attacks climb, on logits, one value for each input; written in ``keras.ops``."""

from __future__ import annotations

from typing import Any

from guided_retraining.machine.backend import ops

__all__ = ["cross_entropy", "difference_of_logits_ratio", "log_odds", "margin"]

MASKED = -1e9  # stands for minus infinity where a class is left out; finite, so its gradient is 0 and not NaN


def log_odds(logits: Any, labels: Any) -> Any:
    """``logsumexp of the other classes' logits - logit of the label``: minus the log-odds of the label.

    Cross-entropy is ``softplus`` of it, so both have gradients in the same direction; but the gradient of
    this one does not vanish on a confident model, where that of the cross-entropy underflows to 0. Attacks
    that normalise the gradient climb this.

    Args:
        logits: ``(n, k)`` tensor.
        labels: ``(n,)`` integer tensor.

    Returns:
        ``(n,)`` tensor.
    """
    own = ops.one_hot(labels, logits.shape[1], dtype="float32")
    others = ops.logsumexp(logits + own * MASKED, axis=1)
    return others - ops.sum(logits * own, axis=1)


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Cross-entropy of the softmax of ``logits``, exact for confident models too; see ``log_odds``."""
    return ops.softplus(log_odds(logits, labels))


def margin(logits: Any, labels: Any) -> Any:
    """``largest other logit - logit of the label``; positive where the label is not predicted."""
    own = ops.one_hot(labels, logits.shape[1], dtype="float32")
    return ops.max(logits + own * MASKED, axis=1) - ops.sum(logits * own, axis=1)


def difference_of_logits_ratio(logits: Any, labels: Any) -> Any:
    """``-(z_y - max of the others) / (z_1st - z_3rd)``: unchanged when logits are scaled or shifted.

    Args:
        logits: ``(n, k)`` tensor, k >= 3.
        labels: ``(n,)`` integer tensor.

    Returns:
        ``(n,)`` tensor.

    Source: Croce and Hein 2020 (arXiv 2003.01690), eq. 6.
    """
    largest = ops.top_k(logits, 3)[0]
    return margin(logits, labels) / (largest[:, 0] - largest[:, 2] + 1e-12)
