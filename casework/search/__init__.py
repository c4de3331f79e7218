"""Ranks articles and similar cases for what somebody said. Pure: knows no store."""
