"""
Invariant 1: what a front that was taken over writes into the queue. inject.c makes a real front
send it; a spare says what is wrong with it, the master ends the front, and the sites go on.
"""

import os
import struct

import pytest

from itkd import Config, Proc, Site, socket_inode, wait_for

QUEUE, LISTENER, NOTHING = 6, 11, 0  # descriptors of a front: front_proto.h
PROT_RW, PRIVATE = 3, 0x22
VERSION, CONNECTION, RETIRE = 2, 1, 2
CLIENT = "the client"  # the descriptor of a connection, filled in when it is known


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    class World:
        site = Site("a", module_tmp)
        config = Config(module_tmp, tls, Site("main", module_tmp))

    World.config.vhost(World.site, "MaxClientsVHost 5")
    World.server = module_start(World.config)
    return World


def job(generation=1, vhost=1, identity=0, listener=0, flags=0, kind=CONNECTION, tail=b""):
    numbers = (vhost, identity, listener, flags) if kind == CONNECTION else ()
    return struct.pack(f">BBI{len(numbers)}I", VERSION, kind, generation, *numbers) + tail


def held_by_a_front(server, client):
    """The front that waits for the rest of a head, and its descriptor for the connection."""
    def find():
        for front in server.fronts():
            for fd, link in front.fds().items():
                if link == f"socket:[{inode}]":
                    return front, int(fd)
        return None

    inode = wait_for(lambda: socket_inode(client.local_port, server.port), 30,
                     "the connection to be accepted")
    return wait_for(find, 30, "a front to hold the connection")


def inject_message(inject, front, data, fds):
    """sendmsg() by the front itself: data with these descriptors, into the queue."""
    [page] = inject(front.pid, [("mmap", 0, 16384, PROT_RW, PRIVATE, -1, 0)])
    control = struct.pack(f"<QII{len(fds)}i", 16 + 4 * len(fds), 1, 1, *fds) if fds else b""
    at = {"data": page, "control": page + 8192, "iov": page + 12288, "msg": page + 12416}
    with open(f"/proc/{front.pid}/mem", "r+b", buffering=0) as memory:
        for name, value in (
                ("data", data), ("control", control),
                ("iov", struct.pack("<QQ", at["data"], len(data))),
                ("msg", struct.pack("<7Q", 0, 0, at["iov"], 1, at["control"] if fds else 0,
                                    len(control), 0))):
            memory.seek(at[name])
            memory.write(value)
    inject(front.pid, [("sendmsg", QUEUE, at["msg"], 0)], may_end=True)


def from_a_front(world, inject, data, fds):
    """The front that sent it, and the client whose half head it held."""
    client = world.server.connect()
    client.send(f"GET / HTTP/1.1\r\nHost: {world.site.name}\r\n")
    front, fd = held_by_a_front(world.server, client)
    inject_message(inject, front, data, [fd if f == CLIENT else f for f in fds])
    return front, client


def test_a_good_job_is_taken(world, inject):
    """The other tests rest on this: it is made as a front makes it."""
    world.site.file("index.html", "here")
    front, client = from_a_front(world, inject, job(), [CLIENT, NOTHING, NOTHING])
    wait_for(world.server.children, 30, "a child to take it")
    client.close()
    assert "bad job" not in world.server.error_log()
    assert front.alive


@pytest.mark.parametrize("data, fds, why", [
    (b"", [CLIENT], "not a job"),
    (job(tail=b"x"), [CLIENT, NOTHING, NOTHING], "not a job"),
    (job() * 60, [CLIENT], "too long, or too many descriptors"),
    (job(), [CLIENT] * 253, "too long, or too many descriptors"),
    (job(generation=2), [CLIENT, NOTHING, NOTHING], "of another generation"),
    (job(vhost=2**31), [CLIENT, NOTHING, NOTHING], "no such virtual host or listener"),
    (job(listener=99), [CLIENT, NOTHING, NOTHING], "no such virtual host or listener"),
    (job(identity=1), [CLIENT, NOTHING, NOTHING], "no such identity"),
    (job(), [], "not the descriptors of its virtual host"),
    (job(), [QUEUE, NOTHING, NOTHING], "not a connection"),
    (job(), [LISTENER, NOTHING, NOTHING], "not a connection"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_job_ends_its_front(world, inject, data, fds, why):
    """The sites are served on, by another front."""
    front, client = from_a_front(world, inject, data, fds)
    world.server.wait_log(rf"a bad job from process {front.pid}: {why}")
    wait_for(lambda: not front.alive, 30, "the front to be ended")
    wait_for(lambda: len(world.server.fronts()) == os.cpu_count(), 30, "another front")
    client.close()
    assert world.server.get("/", world.site).status == 200
    wait_for(lambda: world.server.counts()[world.site.name] == 0, 30, "the count to be 0")


def test_spares_that_were_told_to_end_are_replaced(world, inject):
    spares = {p.pid for p in world.server.spares()}
    _, client = from_a_front(world, inject, job(kind=RETIRE), [CLIENT] * 3)
    wait_for(lambda: [pid for pid in spares if not Proc(pid).alive], 30, "one to end")
    client.close()
    assert world.server.get("/", world.site).status == 200
