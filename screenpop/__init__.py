"""What the agents see: pages, the live connection, the API."""
