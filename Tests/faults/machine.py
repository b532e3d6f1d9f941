"""What a case needs of the machine: a small disk, and a user whom the system refuses something."""

import os
import shutil
import subprocess
from contextlib import contextmanager

from frame import Skipped


@contextmanager
def small_disk(place, kibibytes):
    """A file system of this size on the folder `checkpoints`."""
    folder = place / "checkpoints"
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        raise Skipped(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def unprivileged():
    """What to put in front of a command so that it does not run as root, whom no permission stops."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        raise Skipped("root is not refused anything, and there is no setpriv")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
