"""Names and addresses as people write them."""

from __future__ import annotations

from typing import Final, Mapping

SEED_TYPES: Final[Mapping[str, str]] = {"video": "V", "picture": "P", "music": "M"}
"""Request types of the sample configuration: [work] types."""

MAX_PATH: Final = 107
"""Bytes of the path of a Unix socket."""

Address = str | tuple[str, int]


def code_of(type_name: str, types: Mapping[str, str]) -> int:
    """The byte that stands for a type on the wire. A single letter stands for itself.

    Raises ValueError, with the remedy, for a name that `types` does not have.
    """
    letter = types.get(type_name, type_name)
    if len(letter) == 1 and letter.isascii() and letter.isalpha():
        return ord(letter)
    known = ", ".join(types) or "none"
    raise ValueError(f"unknown request type {type_name!r}: known are {known}; "
                     f'name others as [work] types of the proxy does, types={{"{type_name}": "X"}}')


def socket_path(address: Address) -> str | None:
    """The path of "unix:/run/web.sock"; None for any other address. Raises ValueError for one that no socket can have."""
    if not isinstance(address, str) or not address.startswith("unix:"):
        return None
    path = address[5:]
    if not path.startswith("/") or path.endswith("/") or len(path.encode()) > MAX_PATH:
        raise ValueError(f"{address!r} is no address: write unix: and an absolute path of at most {MAX_PATH} bytes")
    return path


def host_and_port(address: Address) -> tuple[str, int]:
    """Splits "HOST:PORT" or "[IPV6]:PORT". Raises ValueError for anything else."""
    if not isinstance(address, str):
        host, port = address
        return host, port
    host, colon, digits = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not colon or not host or not (digits.isascii() and digits.isdigit()) or int(digits) > 65535:
        raise ValueError(f"{address!r} is no address: write HOST:PORT, as 127.0.0.1:9000 or [::1]:9000, "
                         "or unix:/PATH")
    return host, int(digits)


def address_text(bound: str | tuple[str, int] | tuple[str, int, int, int]) -> str:
    """An address of a socket as people write it."""
    if isinstance(bound, str):
        return f"unix:{bound}"
    host, port = bound[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
