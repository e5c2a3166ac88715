"""Issue 2, point 8: bodies, streams and ends of CGI programs. The server is that of test_cgi.py."""

import contextlib
import hashlib
import os
import re
import select
import ssl

import pytest

from itkd import Connection, is_asan, tls_context, wait_for
from itkd_tools import GONE, Gate, exchange, noted, run_dir, status_of, statuses, wait_gone
from test_cgi import BOTH, HEADER, TEXT, nothing_left, world  # noqa: F401


# -- bodies and streaming

def chunks(data, size):
    for at in range(0, len(data), size):
        part = data[at:at + size]
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


@BOTH
@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1, 65536, 10 << 20])
def test_post(world, size, coding, sni):
    """Point 8: POST with Content-Length and chunked arrives byte for byte, 10 MiB too."""
    data = os.urandom(size)
    with world.server.connect(tls=sni, timeout=60) as c:
        if coding == "length":
            c.request("/cgi-bin/digest", "a.test", "POST", body=data)
        else:
            c.request("/cgi-bin/digest", "a.test", "POST",
                      headers={"Transfer-Encoding": "chunked"})
            for part in chunks(data, 50000):
                c.send(part)
        got = c.response()
        assert got.status == 200
        assert got.text.split()[0] == hashlib.sha256(data).hexdigest()
        if not got.closes:
            assert c.get("/text.txt", "a.test").text == TEXT


@BOTH
def test_streaming_both_ways(world, sni):
    """Point 8: each piece is answered before the next one is sent."""
    with world.server.connect(tls=sni) as c:
        c.request("/cgi-bin/echo", "a.test", "POST", headers={"Transfer-Encoding": "chunked"})
        for number in range(20):
            piece = b"piece %d\n" % number
            c.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            while piece not in c.buffer:
                assert c._fill(), "EOF before the answer to a piece"
        c.send(b"0\r\n\r\n")
        got = c.response()
        assert got.text.splitlines()[-1] == "piece 19"


def test_expect_continue(world):
    """Point 8: the client that waits for 100 gets it, then sends, then gets its answer."""
    with world.server.connect() as c:
        c.request("/cgi-bin/digest", "a.test", "POST",
                  headers={"Expect": "100-continue", "Content-Length": "3"})
        assert c.response().status == 100
        c.send(b"abc")
        got = c.response()
        assert got.text.split()[0] == hashlib.sha256(b"abc").hexdigest()


@BOTH
def test_program_that_does_not_read(world, sni):
    """Point 8: a program that leaves its 10 MiB body unread still answers."""
    path = world.put(HEADER + "echo answered\n")
    with world.server.connect(tls=sni) as c:
        # Once it has answered the server lingers for seconds only: a busy machine may be late.
        with contextlib.suppress(ConnectionError):
            c.request(path, "a.test", "POST", body=bytes(10 << 20))
        assert c.response().text == "answered\n"


# how many bytes are sent, framing, status
LIMITED = [
    (1000, "length", 200), (1001, "length", 413), (1000, "chunked", 200), (5000, "chunked", 413),
]


@pytest.mark.parametrize("size, coding, status", LIMITED)
def test_limit_request_body(world, size, coding, status):
    """Point 8 with LimitRequestBody 1000: 413 beyond it, however the body is framed."""
    path = world.put("sum=$(/usr/bin/sha256sum)\n" + HEADER + 'echo "$sum"\n')
    head = f"POST {path} HTTP/1.1\r\nHost: small.test\r\nConnection: close\r\n"
    data = bytes(size)
    if coding == "length":
        raw = exchange(world.server, f"{head}Content-Length: {size}\r\n\r\n".encode() + data)
    else:
        raw = exchange(world.server, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
                       + b"".join(chunks(data, 100)))
    assert status_of(raw) == status


@pytest.mark.parametrize("body", [
    b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"5 x\r\nhello\r\n0\r\n\r\n",
    b"-1\r\n\r\n", b"ffffffffffffffffff\r\n", b"3\nabc\n0\n\n"])
def test_broken_chunks(world, body):
    """Point 8: a broken chunked coding ends the request: 400, and nothing after it is served."""
    path = world.put("/bin/cat > /dev/null\n" + HEADER + "echo served\n")
    head = f"POST {path} HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = exchange(world.server, head.encode() + body
                   + b"GET /text.txt HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
    assert statuses(raw) in ([400], [413]) and TEXT.encode() not in raw


# host, the body and how it is framed, status
CUT_UPLOADS = [
    ("a.test", "Transfer-Encoding: chunked", b"5\r\nhello\r\nzz\r\n", 400),
    ("small.test", "Transfer-Encoding: chunked", b"".join(chunks(bytes(5000), 100)), 413),
    ("a.test", "Content-Length: 100", b"hello", 400),
]


def test_cut_upload_is_none(world):
    """Point 8: a program is never told that what is cut is the whole of a body, even if it is deaf
    to SIGTERM: the end of its standard input would say so."""
    mark = run_dir(world.a) / "whole"
    world.a.own(mark.parent, 0o777)
    path = world.put(f"trap '' TERM\n/bin/cat > /dev/null\n: > {mark}\n" + HEADER)
    connections = []
    for host, framing, body, _ in CUT_UPLOADS:
        c = world.server.connect()
        c.send(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n".encode() + body)
        c.half_close()
        connections.append(c)
    for c, (_, _, _, status) in zip(connections, CUT_UPLOADS):
        with c:
            assert c.response().status == status
    wait_for(lambda: not world.server.children(), 30, "the programs' end")
    assert not mark.exists()


def test_too_many_fields(world):
    """Point 8: a head of very many fields, of one name or not, is an error with its cause."""
    for line, count, status in (("A:", 900, 200), ("A:", 20000, 500), ("A$n:", 2000, 500),
                                ("ETag:", 10000, 500)):
        path = world.put(f"n=0; while [ $n -lt {count} ]; do echo {line}; n=$((n+1)); done\n"
                         + HEADER)
        assert world.server.get(path, world.a).status == status
    world.server.wait_log("The heads are too large or have too many fields", "a.test-error.log")


@BOTH
def test_memory_does_not_grow_with_the_answer(world, sni):
    """Point 8: 100 MB stream through a child and a front that stay small."""
    size, bound = 100_000_000, (400_000 if is_asan() else 48_000)
    path = world.put(HEADER + f"exec /usr/bin/head -c {size} /dev/zero\n")
    with world.server.connect(tls=sni, timeout=60) as c:
        c.request(path, "a.test", version="HTTP/1.0")
        c._until(b"\r\n\r\n")
        got = len(c.buffer)

        def take(end):
            nonlocal got
            while got < end:
                piece = len(c.sock.recv(65536))
                assert piece, f"EOF after {got} bytes"
                got += piece

        take(size * 2 // 3)
        procs = [world.child(), *world.server.fronts()]
        peak = max(int(p.status["VmHWM"].split()[0]) for p in procs)
        take(size)
    assert peak < bound, f"{peak} kB"


def test_slow_reader_stops_the_program(world):
    """Point 8: nothing collects what a client does not take: the program is made to wait."""
    path = world.put(HEADER + "exec /usr/bin/head -c 1000000000 /dev/zero\n")
    with world.server.connect(receive_buffer=65536) as c:
        c.request(path, "a.test")
        child = world.child()
        program = wait_for(child.children, 30, "the program")[0]
        written = [-1] * 20

        def waits():
            written.append(int(re.search(r"wchar: (\d+)", program.read("io"))[1]))
            return program.state == "S" and written[-20] == written[-1]

        wait_for(waits, 30, "the program to wait", interval=0.02)
        assert written[-1] < 64 << 20, "the program wrote far more than the client took"
        c.reset()
        wait_gone([child, program])


# -- what the program says on standard error

def test_stderr_line_by_line(world):
    """Point 8: each line of stderr is a line of the vhost's ErrorLog, without control bytes."""
    path = world.put("printf 'first line\\nsecond line\\n' >&2\n"
                     "printf 'colour \\033[31m red\\n' >&2\n"
                     "printf 'without its end' >&2\n" + HEADER)
    assert world.server.get(path, world.a).status == 200
    for text in ("first line", "second line", "colour ", "without its end"):
        world.server.wait_log(r"^\[.*\] .*" + text, "a.test-error.log")
    assert "\033" not in world.server.log("a.test-error.log")
    assert "first line" not in world.server.error_log()


def test_much_on_stderr_blocks_nothing(world):
    """Point 8: a megabyte on stderr, or one endless line, does not stop the answer."""
    for command in ("/usr/bin/yes 'a line of noise'", "/bin/cat /dev/zero"):
        path = world.put(f"{command} | /usr/bin/head -c 1000000 >&2\n" + HEADER + "echo done\n")
        assert world.server.get(path, world.a).text == "done\n"
    assert all(len(line) <= 4096 for line in world.server.log("a.test-error.log").splitlines())


# -- ends

def family(world, c, host="a.test"):
    """
    Starts the program `family` on a connection; its processes and the itkd child. None where the
    machine was so busy that Timeout passed before the first word.
    """
    c.request("/cgi-bin/family", host)
    try:
        c._until(b"started\n")
    except GONE:
        assert host == "hasty.test"
        wait_for(lambda: not world.server.children(), 30, "the end of what came too late")
        for name in ("below", "family"):
            (run_dir(world.a) / name).unlink(missing_ok=True)
        return None
    child, *procs = noted(world.a, "family")
    assert len(procs) == 3
    return procs, child


def _reset(c, child):
    c.reset()


def _kill_child(c, child):
    child.kill(9)


def _wait_for_timeout(c, child):
    with pytest.raises(GONE):
        c.read_all()
        c.response()


# what happens, over TLS, on which vhost
ENDS = [
    ("reset", _reset, None, "a.test"),
    ("reset of TLS", _reset, "a.test", "a.test"),
    ("child killed", _kill_child, None, "a.test"),
    ("child killed under TLS", _kill_child, "a.test", "a.test"),
    ("Timeout", _wait_for_timeout, None, "hasty.test"),
]


@pytest.mark.parametrize("end, sni, host", [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_ends_of_a_process_group(world, end, sni, host):
    """Point 8: Timeout, a client that is gone and the child's death end the whole group, even
    programs that are deaf to SIGTERM."""
    def ended():
        with world.server.connect(tls=sni) as c:
            started = family(world, c, host)
            if not started:
                return False
            procs, child = started
            end(c, child)
            wait_gone([*procs, child])
            return True

    wait_for(ended, 120, "a family that started in time")
    assert world.server.get("/text.txt", world.a).status == 200


def test_timeout_without_an_answer(world):
    """Point 8: a program that says nothing in Timeout seconds: 504, and it is killed."""
    gate = Gate(world.a, "gate")
    file = run_dir(world.a) / "gated"
    file.unlink(missing_ok=True)

    def asked():
        with world.server.connect(timeout=60) as c:
            c.request("/cgi-bin/gated", "hasty.test")
            assert c.response().status == 504
        return file.exists()

    # On a busy machine Timeout may pass before the program has come as far as its file.
    wait_for(asked, 120, "a program that was killed at the gate")
    wait_gone(noted(world.a, "gated"))
    wait_for(lambda: not world.server.children(), 30, "the child's end")
    assert gate._reader() is None


def test_program_that_left_its_group(world):
    """Point 8: Timeout ends a program that made a session of its own, and its child is free."""
    run = run_dir(world.a)
    path = world.put(f"echo $PPID $$ > {run}/left.new; /bin/mv {run}/left.new {run}/left\n"
                     "exec setsid /bin/sleep 1000\n")

    def asked():
        with world.server.connect(timeout=60) as c:
            c.request(path, "hasty.test")
            assert c.response().status == 504
        return (run / "left").exists()

    wait_for(asked, 120, "a program that was killed in a session of its own")
    wait_gone(noted(world.a, "left"))


def test_timeout_counts_from_the_last_byte(world):
    """Point 8: a program that says a word now and then is slow, not hung."""
    path = world.put(HEADER + "for i in 1 2 3 4 5 6 7 8 9; do echo $i; /bin/sleep 0.25; done\n")

    def whole():
        with contextlib.suppress(*GONE):
            got = world.server.get(path, "hasty.test")
            return got.status == 200 and got.text.split() == list("123456789")

    # A machine that is busy for as long as Timeout makes it a hung one; all of it takes longer.
    wait_for(whole, 120, "an answer that takes longer than Timeout")


# method, what the program says first, what a client waits for before it leaves
ENDLESS = [
    ("GET", "\\n", b"y\ny\ny\n"),
    ("GET", "Content-Length: 4\\n\\n", b"y\ny\n"),
    ("HEAD", "\\n", b""),
    ("GET", "no header\\n\\n", b"</html>"),
]


@BOTH
@pytest.mark.parametrize("method, says, until", ENDLESS)
def test_endless_writer_ends_with_its_client(world, method, says, until, sni):
    """Point 8: who writes for ever ends when his client has gone, be the answer whole or not."""
    path = world.put(f"printf 'Content-Type: text/plain\\n{says}'\nexec /usr/bin/yes\n")
    with world.server.connect(tls=sni) as c:
        c.request(path, "a.test", method)
        while b"\r\n\r\n" not in c.buffer or until not in c.buffer:
            assert c._fill()
        # Behind a 500 they may have gone already.
        procs = [p for child in world.server.children() for p in (child, *child.children())]
    wait_gone(procs)


def test_noise_ends_with_its_client(world):
    """Point 8: who writes to the log for ever ends Timeout after his client has gone."""
    path = world.put("while :; do echo noise; /bin/sleep 0.05; done >&2\n")

    def noisy():
        start = len(world.server.log("hasty.test-error.log"))
        with world.server.connect() as c:
            c.request(path, "hasty.test")
            # On a busy machine Timeout may pass before the program's first word.
            while not select.select([c.sock], [], [], 0.02)[0]:
                if "noise" in world.server.log("hasty.test-error.log")[start:]:
                    return [p for child in world.server.children()
                            for p in (child, *child.children())]

    wait_gone(wait_for(noisy, 120, "a program that says a word"), 60)


def test_half_closed_client_gets_its_answer(world):
    """Point 8: FIN after the request is no abort."""
    gate = Gate(world.a, "gate")
    with world.server.connect() as c:
        c.request("/cgi-bin/gated", "a.test", headers={"Connection": "close"})
        c.half_close()
        gate.open()
        assert c.response().text == "passed\n"


def test_half_closed_tls_client_gets_its_answer(world):
    """Point 8: nor is the close_notify of TLS 1.3 (RFC 8446 section 6.1: one direction only)."""
    gate = Gate(world.a, "gate")
    context = tls_context(world.server.config.tls.ca, minimum=ssl.TLSVersion.TLSv1_3)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="a.test")

    with Connection(world.server.tls_port) as c:
        def run(call):
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    c.send(outgoing.read())
                    data = c.sock.recv(65536)
                    assert data, "the server ended the connection"
                    incoming.write(data)

        run(tls.do_handshake)
        tls.write(b"GET /cgi-bin/gated HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            tls.unwrap()
        c.send(outgoing.read())
        gate.open()
        answer = b""
        while b"passed\n" not in answer:
            answer += run(lambda: tls.read(65536))
        assert answer.startswith(b"HTTP/1.1 200")
