"""Where a connection of the owner's goes, and who could listen."""

import ipaddress
import os
import socket
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine


@dataclass(frozen=True)
class Whereabouts:
    """Where a connection goes; ``host`` may be the folder of a socket."""

    host: str
    port: int
    database: str
    private: bool


def whereabouts(owner: Engine) -> Whereabouts:
    """Tell where the owner's connection goes, and whether others could read it on its way."""
    with owner.connect() as connection:
        driver: Any = connection.connection.driver_connection
        info = driver.info
        private = info.ssl_in_use or _stays_here(_peer(driver.fileno()))
        return Whereabouts(info.host, info.port, info.dbname, private)


def _peer(descriptor: int) -> Any:
    """Give the address at the other end of a connection: a text for a socket in the file system."""
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        return connection.getpeername()


def _stays_here(peer: Any) -> bool:
    """Tell whether an address, as `socket.getpeername` gives it, is one of this machine."""
    return not isinstance(peer, tuple) or ipaddress.ip_address(peer[0]).is_loopback
