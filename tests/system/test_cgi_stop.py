"""Issue 6, point 1: programs when the server stops, and programs that do as they please."""

import contextlib
import time

import pytest

from itkd import Config, Site, wait_for

HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'\n"
# What a program does at SIGTERM; whether it gets to its end.
STOPS = [
    ("trap 'sleep 0.1; echo done >> $0.said; exit' TERM", True),
    ("trap '' TERM", False),
]


@pytest.mark.parametrize("trap, cleans", STOPS, ids=["cleans-up", "stubborn"])
def test_stop(start, tmp, tls, trap, cleans):
    """A stop is SIGTERM for a program, three seconds of time, then SIGKILL."""
    a = Site("a", tmp)
    config = Config(tmp, tls, Site("main", tmp))
    config.vhost(a)
    program = a.cgi("stop", f"#!/bin/bash\n{trap}\n{HEAD}echo $$\nwhile :; do sleep 0.02; done\n")
    program.parent.chmod(0o777)
    said = program.with_name("stop.said")

    def stopped():
        """Whether the program said so, and how long the stop took."""
        said.unlink(missing_ok=True)
        server = start(config)
        with server.connect() as c:
            c.request("/cgi-bin/stop", "a.test")
            c._until(b"\r\n\r\n")
            while c.buffer.count(b"\n") < 3:
                assert c._fill()
            began = time.monotonic()
            server.stop()
            return said.exists(), time.monotonic() - began

    def in_time():
        ended, took = stopped()
        assert ended or took > 2.5, "it was not given its time"
        return ended and took < 3

    if cleans:
        # A busy machine may take the program its three seconds, or the test.
        wait_for(in_time, 120, "a stop that waits for the program's end, and no longer")
        assert said.read_text() == "done\n"
    else:
        ended, took = stopped()
        assert not ended and took > 2.5


# What a program does, how long its answer and the request's body are, and Timeout: short where it
# is what ends the program.
FREE = [
    ("head -c 300000 /dev/zero; cat > /dev/null", 300000, 1 << 20, 120),
    ("exec 0<&-; echo early", 6, 1 << 20, 120),
    ("echo daemon; (exec 2> /dev/null; sleep 60) &", 7, 10, 3),
    ("setsid sleep 60 2> /dev/null & exec 1>&-; sleep 0.1", 0, 10, 3),
]


@pytest.mark.parametrize("script, size, body, timeout", FREE)
def test_programs_that_do_as_they_please(start, tmp, tls, script, size, body, timeout):
    """Writes before it reads, never reads, leaves a daemon with its stdout: none hangs the site."""
    a = Site("a", tmp)
    config = Config(tmp, tls, Site("main", tmp))
    config.vhost(a, f"Timeout {timeout}")
    a.cgi("free", f"#!/bin/bash\n{HEAD}{script}\n")
    server = start(config)
    with server.connect(timeout=60) as c:
        # Once it has answered the server lingers for seconds only: a busy machine may be late.
        with contextlib.suppress(ConnectionError):
            c.request("/cgi-bin/free", "a.test", "POST", body=bytes(body), version="HTTP/1.0")
        c._until(b"\r\n\r\n")
        got = len(c.read_all()) if size else 0
    assert got >= size
    wait_for(lambda: not [p for p in server.processes() if p.uids[:1] == (a.uid,)
                          and p.comm != "sleep"], 30, "the end of the program")
    for p in server.processes():
        if p.comm == "sleep":
            p.kill(9)
