"""Marking: computed values against stated answers."""
