"""Eigenvalues of a symmetric matrix and solutions of equations, in fractions where they are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hwsolve.expr.systems import EXACT

Matrix = list[list[Any]]


def eigenvalues(matrix: Matrix) -> tuple[list[Any], bool]:
    """The eigenvalues of a symmetric matrix, the smallest first, and whether they are exact."""
    count = len(matrix)
    exact = all(isinstance(entry, (int, Fraction)) for row in matrix for entry in row)
    if all(not matrix[i][j] for i in range(count) for j in range(count) if i != j):
        return sorted(matrix[i][i] for i in range(count)), exact
    if count == 2:  # noqa: PLR2004  (a quadratic equation)
        (a, b), (_, d) = matrix
        middle = (a + d) / Fraction(2)
        root = EXACT.sqrt(((a - d) / Fraction(2)) ** 2 + b * b)
        if isinstance(root, float):
            # the smaller one from the product, so that no digits cancel
            large = middle + root if middle >= 0 else middle - root
            other = float(a * d - b * b) / large if large else middle - root
            return sorted([float(large), float(other)]), False
        return [middle - root, middle + root], exact
    import numpy as np

    floats = np.array([[float(entry) for entry in row] for row in matrix])
    return [float(value) for value in np.linalg.eigvalsh(floats)], False


def solution_of(matrix: Matrix, right: list[Any]) -> list[Any] | None:
    """The solution of matrix @ x = right by elimination; None where there is not just one."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    count = len(rows)
    for column in range(count):
        pivot = next((r for r in range(column, count) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        top = rows[column]
        for below in range(count):
            if below != column and rows[below][column]:
                factor = rows[below][column] / top[column]
                rows[below] = [x - factor * y for x, y in zip(rows[below], top, strict=True)]
    return [rows[k][count] / rows[k][k] for k in range(count)]
