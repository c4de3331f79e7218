"""A small SIP telephone: the caller of `svarklar call`, and the demo agent's phone."""
