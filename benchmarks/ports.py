"""A port for a server of a measurement's or a test's own, which nobody else is given while that server starts."""

from __future__ import annotations

import socket

from analysis.io.address import LOOPBACK


def free_port() -> int:
    """A TCP port on loopback.

    The end of a connection that closes first keeps its port for a minute (TIME_WAIT, RFC 9293, 3.6.1): only who asks
    for that very port is given it. So neither the next caller nor anybody's connection gets it before the server does.
    """
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will, or it is kept from it, too
        server.bind((LOOPBACK, 0))
        server.listen(1)
        address = server.getsockname()
        client.connect(address)
        ending, _ = server.accept()
        ending.close()
        client.recv(1)
    return int(address[1])
