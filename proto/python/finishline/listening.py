"""Listening sockets of servers: of TCP, and of files that are made where nobody listens."""

from __future__ import annotations

import os
import socket
import stat

from .names import Address, host_and_port, socket_path

_BACKLOG = 512


def listen_at(address: Address) -> socket.socket:
    """Raises OSError, and ValueError for what is no address. The file of a Unix socket has mode 0660; one that an earlier
    process has left is replaced."""
    path = socket_path(address)
    if path is None:
        host, port = host_and_port(address)
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                                    backlog=_BACKLOG)
    if _is_stale(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        os.chmod(path, 0o660)
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def remove_file(address: str) -> None:
    """Of a Unix socket that still listens: nobody is to connect any more."""
    path = socket_path(address)
    if path is not None and _is_socket(path):
        os.unlink(path)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def _is_stale(path: str) -> bool:
    """Whether a socket is there at which nobody listens."""
    if not _is_socket(path):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False
