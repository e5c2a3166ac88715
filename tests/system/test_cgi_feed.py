"""Issue 6, point 1: a program that has answered goes on being fed: an upload is cut for it only
where it was cut for the server. The server is that of test_cgi.py."""

import hashlib

from itkd import wait_for
from itkd_tools import run_dir
from test_cgi import HEADER, world  # noqa: F401


def answering(world, name, rest):
    """A program that gives a whole answer first; what it does then, and where it says so."""
    mark = run_dir(world.a) / name
    world.a.own(mark.parent, 0o777)
    head = "Content-Type: text/plain\\r\\nContent-Length: 3\\r\\n\\r\\n"
    return mark, world.put(f"printf '{head}abc'\n" + rest.format(mark=mark))


SUM = "/usr/bin/sha256sum > {mark}.new\n/bin/mv {mark}.new {mark}\n"


def test_whole_answer_before_the_body(world):
    """All of a body comes to a program whose answer was whole before it."""
    mark, path = answering(world, "sum", SUM)
    body = bytes(range(256)) * 8192
    with world.server.connect() as c:
        c.request(path, "a.test", "POST", headers={"Content-Length": str(len(body))})
        assert c.response().text == "abc"
        assert not mark.exists()
        c.send(body)
        wait_for(mark.exists, 30, "the sum")
    assert mark.read_text().split()[0] == hashlib.sha256(body).hexdigest()


def test_closed_output_before_the_body(world):
    """The same where it has closed its output, too."""
    # Deaf to SIGTERM, it has six seconds for the rest, however busy the machine is.
    mark, path = answering(world, "closed", "trap '' TERM\nexec > {mark}.out\n" + SUM)
    with world.server.connect() as c:
        c.request(path, "a.test", "POST", headers={"Transfer-Encoding": "chunked"})
        assert c.response().text == "abc"
        for _ in range(100):
            c.send(b"5\r\nhello\r\n")
        c.send(b"0\r\n\r\n")
        wait_for(mark.exists, 30, "the sum")
    assert mark.read_text().split()[0] == hashlib.sha256(b"hello" * 100).hexdigest()


def test_cut_behind_the_answer(world):
    """What the client cuts behind a whole answer is no whole body to the program."""
    mark, path = answering(world, "cut", SUM)
    with world.server.connect() as c:
        c.request(path, "a.test", "POST", headers={"Content-Length": "100"})
        c.send(b"hello")
        assert c.response().text == "abc"
        c.half_close()
        wait_for(lambda: not world.server.children(), 30, "the program's end")
    assert not mark.exists()


def test_program_that_wants_no_more(world):
    """One that closes its standard input, or ends, is not waited for."""
    for rest in ("exec 0< /dev/null\n: > {mark}\n", ": > {mark}\n"):
        mark, path = answering(world, "done", rest)
        with world.server.connect() as c:
            c.request(path, "a.test", "POST", headers={"Content-Length": str(1 << 17)})
            assert c.response().text == "abc"
            c.send(bytes(1 << 17))
            assert c.get("/text.txt", "a.test").status == 200
        wait_for(mark.exists, 30, "the program to come to its end")
        mark.unlink()
