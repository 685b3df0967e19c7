"""Expressions and computation graphs: tree, operations, number systems, gradients."""
