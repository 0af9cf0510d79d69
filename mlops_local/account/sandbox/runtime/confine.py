"""Limits of a worker: resources, and where the kernel allows it namespaces without network, with some folders hidden and
a ``/tmp`` of its own.

https://man7.org/linux/man-pages/man7/user_namespaces.7.html
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import resource
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 0x1000, 0x4000, 0x40000
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41


def limit_resources(*, memory_bytes: int, file_bytes: int, open_files: int) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


TMP = "/tmp"  # noqa: S108  it is the folder that others must not see


def isolate(*, account: tuple[str, int] | None, hidden: Sequence[str], private: str, kept: Sequence[str]) -> None:
    """Leave the machine's network; ``account`` is the one address that a relay keeps open.

    The folder ``private`` becomes ``/tmp``; of what was there before, only the folders ``kept`` are seen.

    The relay is forked before: it stays in the old network. It gets a listening socket that was opened in the new one.
    """
    relay = _fork_relay(account) if account else None
    user, group = os.getuid(), os.getgid()
    _checked(_libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWNS), "unshare")
    _map_ids(user, group)
    _loopback_up()
    _checked(_libc().mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount /")
    _hide(hidden)
    _take_tmp(private, kept)
    if relay is not None and account is not None:
        _hand_over_listener(relay, account)
    _drop_capabilities()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _map_ids(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP_RUNNING))


def _hide(folders: Sequence[str]) -> None:
    libc = _libc()
    for folder in folders:
        if os.path.isdir(folder):
            flags = _MS_NOSUID | _MS_NODEV
            _checked(libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, b"size=64k,mode=755"), f"mount over {folder}")


def _take_tmp(private: str, kept: Sequence[str]) -> None:
    below = {os.path.realpath(folder) for folder in kept if os.path.isdir(folder)}
    below = {folder for folder in below if folder.startswith(f"{TMP}/")}
    for folder in sorted(below):
        if not any(folder.startswith(f"{other}/") for other in below):
            place = private + folder.removeprefix(TMP)
            os.makedirs(place)
            _bind(folder, place)
    _bind(private, TMP)


def _bind(folder: str, place: str) -> None:
    _checked(_libc().mount(os.fsencode(folder), os.fsencode(place), None, _MS_BIND | _MS_REC, None), f"mount {folder} at {place}")


def _drop_capabilities() -> None:
    """The new user namespace made this process mighty inside it: enough to unmount what hides a folder."""
    libc = _libc()
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    _checked(libc.capset(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), bytes(24)), "capset")


def _fork_relay(account: tuple[str, int]) -> socket.socket:
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        return ours
    try:
        ours.close()
        _close_others(theirs.fileno())
        _relay(theirs, account)
    finally:
        os._exit(0)


def _close_others(keep: int) -> None:
    """The worker's own socket must not stay open here, or its death would go unnoticed."""
    for number in sorted(int(name) for name in os.listdir("/proc/self/fd")):
        if number > 2 and number != keep:
            try:
                os.close(number)
            except OSError:
                continue


def _hand_over_listener(relay: socket.socket, account: tuple[str, int]) -> None:
    with socket.create_server(("127.0.0.1", account[1])) as listener:
        relay.sendmsg([b"L"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))])
    # Open as long as this process lives: its end is the relay's end.
    os.set_inheritable(relay.detach(), False)


def _relay(control: socket.socket, account: tuple[str, int]) -> None:
    _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    if not descriptors:
        return
    listener = socket.socket(fileno=descriptors[0])
    threading.Thread(target=_accept, args=(listener, account), daemon=True).start()
    control.recv(1)


def _accept(listener: socket.socket, account: tuple[str, int]) -> None:
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(account)
        except OSError:
            client.close()
            continue
        for sock in (client, server):
            # Clients write head and body apart; without this, each statement waits 40 ms for an acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, target):
            sock.close()


def main() -> int:
    """Tells by its exit code whether ``isolate`` works here. Needs a working folder that is removed afterwards."""
    try:
        private = os.path.abspath("probe")
        os.makedirs(private, exist_ok=True)
        isolate(account=("127.0.0.1", 9999), hidden=["/mnt"], private=private, kept=[])
    except (OSError, AttributeError) as error:
        sys.stderr.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
