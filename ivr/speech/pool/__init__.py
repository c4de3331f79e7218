"""The processes that hear: supervised, admitting no more callers than they carry."""
