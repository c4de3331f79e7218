"""What `svarklar up` sees to before it starts anything."""

import subprocess
import sys

COUNT = """
import resource
from svarklar.up import allow_many_files
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 2000))
allow_many_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_it_may_open_as_many_files_as_the_system_allows() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    assert done.stdout == "(2000, 2000)\n"
