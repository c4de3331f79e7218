"""Contacts, cases, articles, users and calls, kept in a database; imports no sibling package."""
