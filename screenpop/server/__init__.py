"""The web server: logins, sessions, security, refusals, pages; knows no desk."""
