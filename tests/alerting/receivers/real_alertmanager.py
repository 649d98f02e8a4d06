"""A real Alertmanager for tests: on loopback, telling nobody, ended by its process id."""

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.request

PROGRAM = "prometheus-alertmanager"
CONFIG = 'route: {receiver: nobody, group_by: ["..."]}\nreceivers: [{name: nobody}]\n'
PATIENCE_S = 60


def missing():
    """Why there can be none here; None: there can."""
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not on the PATH (Debian: {PROGRAM})"


def free_port():
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def until(what, condition):
    """Wait until a condition holds; what it gave."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


@contextlib.contextmanager
def running(folder):
    """The address of one that runs inside the block."""
    (folder / "config.yml").write_text(CONFIG)
    address = f"127.0.0.1:{free_port()}"
    command = [shutil.which(PROGRAM), f"--config.file={folder / 'config.yml'}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:

            def ready():
                assert process.poll() is None, (folder / "log").read_text()
                with contextlib.suppress(OSError):
                    return urllib.request.urlopen(f"http://{address}/-/ready", timeout=5).status == 200

            until("Alertmanager is ready", ready)
            yield f"http://{address}"
        finally:
            process.terminate()
