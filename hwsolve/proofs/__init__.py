"""Proofs: identities, derivations checked line by line, claims and counterexamples."""
