"""How the tables became what they are; run by `Store.upgrade`."""
