"""What decodes speech: one file an engine."""
