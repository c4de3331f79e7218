"""`python -m svarklar`: the command line."""

from svarklar.cli.main import main

main()
