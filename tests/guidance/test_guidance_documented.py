from __future__ import annotations

from documented import _class_faults, _function_faults, undocumented

from guided_retraining import guidance


def test_all_public_functions_are_documented():
    assert undocumented(guidance) == []


def test_faults_are_found():
    def half(x: int, y: int) -> int:
        """Add.

        Args:
            x: a number.
        """
        return x + y

    class Bare:
        def __init__(self, size: int) -> None:
            self.size = size

    found = _function_faults("half", half, half.__doc__ or "")
    assert found == ["half: argument y is not documented", "half: no Returns"]
    assert _class_faults("Bare", Bare) == ["Bare: no docstring", "Bare: argument size is not documented"]
