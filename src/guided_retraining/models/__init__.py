"""The classifiers: the study's architectures, the user's own files, and forward passes through them."""
