"""Issue 6, point 1: programs when the server stops, and programs that do as they please."""

import time

import pytest

from itkd import Config, Site, wait_for

HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'\n"
# What a program does at SIGTERM; whether it gets to its end, and how long the stop may take: less
# than what the server waits for one, or not much more on a busy machine.
STOPS = [
    ("trap 'sleep 0.1; echo done >> $0.said; exit' TERM", True, 3),
    ("trap '' TERM", False, 20),
]


@pytest.mark.parametrize("trap, cleans, seconds", STOPS, ids=["cleans-up", "stubborn"])
def test_stop(start, tmp, tls, trap, cleans, seconds):
    """A stop is SIGTERM for a program, three seconds of time, then SIGKILL."""
    a = Site("a", tmp)
    config = Config(tmp, tls, Site("main", tmp))
    config.vhost(a)
    program = a.cgi("stop", f"#!/bin/bash\n{trap}\n{HEAD}echo $$\nwhile :; do sleep 0.02; done\n")
    program.parent.chmod(0o777)
    server = start(config)
    with server.connect() as c:
        c.request("/cgi-bin/stop", "a.test")
        c._until(b"\r\n\r\n")
        while c.buffer.count(b"\n") < 3:
            assert c._fill()
        began = time.monotonic()
        server.stop()
        took = time.monotonic() - began
    said = program.with_name("stop.said")
    assert said.exists() == cleans
    assert not cleans or said.read_text() == "done\n"
    assert took < seconds and (cleans or took > 2.5)


# What a program does, what its answer is, and how long it takes at most
FREE = [
    ("head -c 300000 /dev/zero; cat > /dev/null", 300000),
    ("exec 0<&-; echo early", 6),
    ("(exec 2> /dev/null; sleep 60) & echo daemon", 7),
    ("setsid sleep 60 2> /dev/null & exec 1>&-; sleep 0.1", 0),
]


@pytest.mark.parametrize("script, size", FREE)
def test_programs_that_do_as_they_please(start, tmp, tls, script, size):
    """Writes before it reads, never reads, leaves a daemon with its stdout: none hangs the site."""
    a = Site("a", tmp)
    config = Config(tmp, tls, Site("main", tmp))
    config.vhost(a, "Timeout 3")
    a.cgi("free", f"#!/bin/bash\n{HEAD}{script}\n")
    server = start(config)
    with server.connect(timeout=60) as c:
        c.request("/cgi-bin/free", "a.test", "POST", body=bytes(1 << 20), version="HTTP/1.0")
        c._until(b"\r\n\r\n")
        got = len(c.read_all()) if size else 0
    assert got >= size
    wait_for(lambda: not [p for p in server.processes() if p.uids[:1] == (a.uid,)
                          and p.comm != "sleep"], 30, "the end of the program")
    for p in server.processes():
        if p.comm == "sleep":
            p.kill(9)
