"""Which Asterisk is used, where it is unpacked, and its configuration."""
