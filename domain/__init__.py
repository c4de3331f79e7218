"""The vocabulary: what happens in a call, and what is known of it. Pure; imports nothing of ours.

Every room above speaks in these records. All are frozen dataclasses: a fact that
was stated cannot be changed.
"""
