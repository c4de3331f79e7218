"""What callers hear: texts spoken by voices, or by people."""
