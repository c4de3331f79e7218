"""`python -m svarklar.healthy`: whether the server of these settings answers; asked for by containers.

Exit code 0: it answers, perhaps with a part that is weaker. 1: it does not, or has no database.
"""

import sys
import urllib.error
import urllib.request

from svarklar.settings import Settings

_PATIENCE_S = 4.0


def main() -> int:
    """Ask once, print what is wrong; the exit code."""
    url = f"{Settings().web_url}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:  # noqa: S310  # http, always
            print(answer.read().decode())
            return 0
    # 503 with its parts: before OSError, of which HTTPError is one.
    except urllib.error.HTTPError as refused:
        print(refused.read().decode(errors="replace"))
    except OSError as error:
        print(f"{url}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
