"""Problem files: YAML to a checked `Problem`, with file:line:column in every error."""
