"""The program: every part put together, its settings, secrets and command line."""
