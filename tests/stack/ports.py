"""Free loopback ports.

They are taken from below the range the kernel gives to outgoing connections. There a port
that was free stays free until its program binds it, also while that program is killed and
started again; and a connection to a port nobody listens on is refused, instead of meeting
itself (a socket may be given its own target as source port).
"""

import random
import socket

from stack.errors import StackError

FIRST = 10240
_given = set()


def _last():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            return max(FIRST + 1000, int(file.read().split()[0]) - 1)
    except OSError:
        return 32767


def is_free(port, kind=socket.SOCK_STREAM):
    """Nobody is bound to the port, on any address of this machine."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, kind) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                if kind == socket.SOCK_STREAM:
                    # A connection that has just ended does not make a port used.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET6 and not socket.has_ipv6:
                continue
            if error.errno in (97, 99):  # no IPv6 in this kernel, or no address of it
                continue
            return False
    return True


def free_port(kind=socket.SOCK_STREAM):
    """A port that is free now and that this process has not given out before."""
    last = _last()
    for _ in range(2000):
        port = random.randint(FIRST, last)
        if port not in _given and is_free(port, kind):
            _given.add(port)
            return port
    raise StackError("no free loopback port was found in 2000 tries")


def claim_port(port, what):
    """The port a person asked for; 0 or None: any free one."""
    if not port:
        return free_port()
    if not is_free(port):
        raise StackError(f"port {port} for {what} is in use; choose another one, or 0 for any")
    _given.add(port)
    return port
