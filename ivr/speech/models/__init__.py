"""Speech models: which are here, where official ones come from, how they are unpacked."""
