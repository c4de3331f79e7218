"""`python -m cti.asterisk.install`: see to it that there is an Asterisk, fetching one where there is none."""

import os
import sys

from cti.asterisk.install.binary import TEMPLATES, AsteriskMissing, find_asterisk, unpacked_folder
from cti.settings import Settings


def main() -> None:
    """Return when a usable Asterisk is there, else become the script that fetches one."""
    settings = Settings()
    try:
        find_asterisk(settings)
    except AsteriskMissing:
        sys.stdout.flush()
        script = str(TEMPLATES / "fetch.sh")
        os.execv(script, (script, str(unpacked_folder(settings))))  # noqa: S606


if __name__ == "__main__":
    main()
