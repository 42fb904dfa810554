"""The shipped docs/operations/nginx.conf in a real nginx, with other names, ports and paths.

Owns the one place where the shipped text is changed, and fails when there is nothing left to change.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attack import ROOT
from support.certificates import Authority

NAME = "webhooks.example.com"
_SHIPPED = ROOT / "docs" / "operations" / "nginx.conf"


@contextmanager
def nginx(folder: Path, authority: Authority, *, port: int, upstream: int) -> Iterator[None]:
    """Run nginx on 127.0.0.1:``port`` before a service on ``upstream``."""
    folder.mkdir()
    chain, key = authority.write_server_files(folder, NAME)
    text = _SHIPPED.read_text("utf-8")
    for shipped, own in (
        ("user www-data;", "user root;"),
        ("worker_processes auto;", "worker_processes 1;"),
        ("/run/nginx.pid", f"{folder}/pid"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/var/lib/nginx/", f"{folder}/"),
        ("listen 80;", f"listen 127.0.0.1:{port + 1};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/tidings/fullchain.pem", str(chain)),
        ("/etc/ssl/tidings/privkey.pem", str(key)),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{upstream};"),
    ):
        assert shipped in text, f"docs/operations/nginx.conf has no {shipped!r} any more"
        text = text.replace(shipped, own)
    configuration = folder / "nginx.conf"
    configuration.write_text(text, "utf-8")
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program is not None, "nginx is not installed; script/system installs it"
    command = [program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "error.log")]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([*command, "-s", "quit"], check=True, capture_output=True)
