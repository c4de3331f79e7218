"""Asterisk and its doors: the manager connection, AGI, callers' sound, the offer gate, the process."""
