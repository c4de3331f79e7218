"""What agents see: the live connection, the calls on screen, cases and articles."""
