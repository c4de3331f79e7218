"""The command line: `svarklar`."""
