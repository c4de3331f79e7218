"""The voice response: AGI, media, speech and the dialogues."""
