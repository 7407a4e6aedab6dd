"""An ART classifier around any Keras 3 classifier, which attacks its logits in compiled batches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.compiled import CompiledBatches
from guided_retraining.attacks.estimator_graphs import (
    all_class_gradients,
    class_gradients,
    logits,
    loss_gradients,
    losses,
)
from guided_retraining.attacks.finite import check_finite
from guided_retraining.attacks.gradients import jacobian_passes
from guided_retraining.attacks.inputs import CLIP_VALUES, class_indices
from guided_retraining.attacks.losses import cross_entropy, difference_of_logits_ratio
from guided_retraining.errors import ModelError, ParameterError
from guided_retraining.machine.backend import keras
from guided_retraining.models.forward import FORWARD
from guided_retraining.models.logits import logits_twin, sample_inputs

with warnings.catch_warnings():  # ART is first imported here; it warns that PyTorch is not installed
    warnings.filterwarnings("ignore", message="PyTorch not found", category=UserWarning)
    warnings.filterwarnings("ignore", message="IProgress not found")  # its progress bars, in notebooks
    from art.attacks.attack import EvasionAttack
    from art.estimators.classification import TensorFlowV2Classifier

__all__ = ["EvasionAttack", "KerasLogitsEstimator"]

BATCH_SIZE = 64  # on two CPU cores 1.3 times as fast as 128: activations stay in the cache
LOSSES = {"cross_entropy": cross_entropy, "difference_logits_ratio": difference_of_logits_ratio}


class KerasLogitsEstimator(CompiledBatches, TensorFlowV2Classifier):
    """An ART classifier whose predictions and gradients are those of a Keras model's logits.

    Everything is compiled once for each kind of call, whatever the batch size, and stays valid when other
    weights are set in the model (see :class:`CompiledBatches`). Dropout is off and the model is left as it was.

    Args:
        model: a built Keras classifier that ends in softmax or logits and takes images in [0, 1].
        loss: ``"cross_entropy"`` or ``"difference_logits_ratio"``, the loss of ``loss_gradient`` and
            ``compute_loss``.
        batch_size: most inputs that go through the model at once; with ``workers`` it bounds the memory.
        workers: batches at the same time, in threads; by default one for each core, one on a GPU.
        softmax_as_logits: attack the probabilities as if they were logits, as the published study did. It
            hides the gradient of a confident model: for repeating that study only.

    Raises:
        ModelError: see ``guided_retraining.models.logits.logits_twin``.
        ParameterError: an unknown loss, or the logits ratio with fewer than three classes.

    Source: ART's ``Classifier`` interface; Croce and Hein 2020 (arXiv 2003.01690), eq. 6, for the logits
        ratio.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        loss: str = "cross_entropy",
        batch_size: int = BATCH_SIZE,
        workers: int | None = None,
        softmax_as_logits: bool = False,
    ) -> None:
        twin = logits_twin(model)
        if softmax_as_logits and twin is model:
            raise ModelError(
                f"The model {model.name!r} puts out logits, expected a final softmax for the study's own attacks "
                "(l2_bim, l1_bim), which take probabilities as logits."
            )
        if loss not in LOSSES:
            raise ParameterError(f"Found loss {loss!r}, expected one of {', '.join(LOSSES)}.")
        attacked = model if softmax_as_logits else twin
        sample = sample_inputs(model)
        n_classes = int(np.shape(attacked(sample, training=False))[1])
        if loss == "difference_logits_ratio" and n_classes < 3:
            raise ParameterError(
                f"The loss difference_logits_ratio divides by the third largest logit; found {n_classes} classes, "
                "expected at least 3. Use cross_entropy."
            )
        # past TensorFlowV2Classifier's own __init__, which would compile a second forward pass
        super(TensorFlowV2Classifier, self).__init__(
            model=attacked,
            clip_values=CLIP_VALUES,
            channels_first=False,
            preprocessing_defences=None,
            postprocessing_defences=None,
            preprocessing=None,
        )
        self.all_framework_preprocessing = (
            False  # so that ART's own attacks call this class with NumPy arrays
        )
        self.nb_classes = n_classes
        self.classifier = model
        self.loss = loss
        self.set_up_batches(sample.shape[1:], batch_size, workers)
        self._loss_object = None
        self._optimizer = None
        self._train_step = None
        self._reduce_labels = False
        self._on_probabilities: KerasLogitsEstimator | None = None

    def on_probabilities(self) -> KerasLogitsEstimator:
        """The estimator of the same model that takes its softmax for logits; made once."""
        with self._compiling:
            if self._on_probabilities is None:
                self._on_probabilities = KerasLogitsEstimator(
                    self.classifier,
                    batch_size=self.batch_size,
                    workers=self.workers,
                    softmax_as_logits=True,
                )
                self._on_probabilities.counted_by = self
            return self._on_probabilities

    def predict(
        self, x: Any, batch_size: int | None = None, training_mode: bool = False, **_: Any
    ) -> NDArray[Any]:
        """Logits of ``x``.

        Args:
            x: ``(n, h, w, c)`` floats in [0, 1]; any image array, read a batch at a time.
            batch_size: most inputs at once; the estimator's own is the upper limit.
            training_mode: must be False.

        Returns:
            ``(n, k)`` float32.
        """
        self._refuse_training(training_mode)
        run = self.compiled("predict", lambda: logits, [self.image_signature()], passes=FORWARD)
        return self.in_batches(run, (len(x), self.nb_classes), x, batch_size=batch_size)

    def loss_gradient(self, x: Any, y: Any, training_mode: bool = False, **_: Any) -> NDArray[np.float32]:
        """Gradient of each input's own loss (a sum over inputs, not a mean).

        Args:
            x: ``(n, h, w, c)`` floats in [0, 1].
            y: ``(n,)`` class indices or ``(n, k)`` one-hot rows.
            training_mode: must be False.

        Returns:
            The shape of ``x``, float32.

        Raises:
            ModelError: a gradient is NaN or infinite; names the input and the layer.
        """
        self._refuse_training(training_mode)
        labels = class_indices(y, len(x), self.nb_classes)
        run = self.compiled(
            ("loss_gradient", self.loss), lambda: loss_gradients(LOSSES[self.loss]), self.labelled_signature()
        )
        gradients = self.in_batches(run, np.shape(x), x, labels)
        check_finite(self.model, gradients, x)
        return gradients

    def class_gradient(
        self, x: Any, label: Any = None, training_mode: bool = False, **_: Any
    ) -> NDArray[np.float32]:
        """Gradients of the logits.

        Args:
            x: ``(n, h, w, c)`` floats in [0, 1].
            label: one class for all inputs, ``(n,)`` classes, or None for all classes.
            training_mode: must be False.

        Returns:
            ``(n, 1, h, w, c)`` with a label, one backward pass; ``(n, k, h, w, c)`` without.
        """
        self._refuse_training(training_mode)
        if label is None:
            run = self.compiled(
                "jacobian",
                lambda: all_class_gradients,
                [self.image_signature()],
                passes=jacobian_passes(self.nb_classes),
            )
            gradients = self.in_batches(run, (len(x), self.nb_classes, *np.shape(x)[1:]), x)
        else:
            labels = class_indices(np.broadcast_to(label, (len(x),)), len(x), self.nb_classes)
            run = self.compiled("class_gradient", lambda: class_gradients, self.labelled_signature())
            gradients = self.in_batches(run, np.shape(x), x, labels)[:, None]
        check_finite(self.model, gradients, x)
        return gradients

    def compute_loss(
        self, x: Any, y: Any, reduction: str = "none", training_mode: bool = False, **_: Any
    ) -> NDArray[np.float32]:
        """Loss of each input, ``(n,)``, or its ``"mean"`` or ``"sum"`` as ``reduction`` says."""
        self._refuse_training(training_mode)
        labels = class_indices(y, len(x), self.nb_classes)
        run = self.compiled(
            ("loss", self.loss), lambda: losses(LOSSES[self.loss]), self.labelled_signature(), passes=FORWARD
        )
        found = self.in_batches(run, (len(x),), x, labels)
        return found if reduction == "none" else np.asarray(getattr(found, reduction)())

    def fit(self, *_: Any, **__: Any) -> None:
        """Not here: retrain the Keras model itself.

        Raises:
            ModelError: always.
        """
        raise ModelError("A KerasLogitsEstimator only attacks; fit the Keras model it was made from.")

    @staticmethod
    def _refuse_training(training_mode: bool) -> None:
        if training_mode:
            raise ParameterError("Found training_mode=True, expected False: attacks run with dropout off.")
