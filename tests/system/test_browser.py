"""
Issue 5, point 5: a browser. Chromium loads a page with 40 subresources over HTTPS, seeks in what it
plays, uploads, and asks again for what it has.
"""

import hashlib
import os
import re

import pytest

from itkd import Config, Site, wait_for
from itkd_browser import Browser
from itkd_tools import install

WAIT = 120  # seconds, where something is wrong
SUBRESOURCES = 40
MTIME = 1700000000
UPLOAD = 20  # times 1 MB
RATE = 44100 * 2  # bytes of a second
SECONDS = 600

STYLES, SCRIPTS, IMAGES = range(10), range(10), range(20)
PAGE = f"""<!doctype html><meta charset="utf-8"><title>{{title}}</title>
<link rel="icon" href="data:,">
{"".join(f'<link rel="stylesheet" href="/sub/{i}.css">' for i in STYLES)}
{"".join(f'<script src="/sub/{i}.js"></script>' for i in SCRIPTS)}
<body>{"".join(f'<p class="c{i}"><img src="/sub/{i}.svg">' for i in IMAGES)}
<a href="/other.html">other</a>
"""
COUNT = """return {
	styles: [...document.querySelectorAll('p')].filter(
		p => getComputedStyle(p).paddingLeft === '7px').length,
	scripts: (window.loaded || []).length,
	images: [...document.images].filter(i => i.complete && i.naturalWidth === 9).length};"""
SEEK = """const [at, done] = arguments, v = document.querySelector('video');
v.addEventListener('error', () => done('error ' + v.error.message));
v.addEventListener('seeked', () => done(v.currentTime), {once: true});
v.currentTime = at;"""
SEND = """const [times, done] = arguments, data = new Uint8Array(1e6).map((_, i) => i % 251);
fetch('/cgi-bin/digest', {method: 'POST', body: new Blob(Array(times).fill(data))})
	.then(r => r.text()).then(done, e => done('error ' + e));"""


class World:
    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        config = Config(directory, tls, Site("main", directory))
        lines = ("ScriptAlias /cgi-bin/ " + str(self.a.root / "cgi-bin") + "/",
                 'Header set Cache-Control "no-cache"', "MaxKeepAliveRequests 100",
                 "AddType image/svg+xml .svg", "AddType audio/wav .wav")
        config.vhost(self.a, *lines)
        config.vhost(self.a, *lines, tls=True)
        self.plant()
        self.server = start(config)
        self.base = f"https://a.test:{self.server.tls_port}"

    def file(self, name, text):
        os.utime(self.a.file(name, text), (MTIME, MTIME))

    def plant(self):
        self.a.mkdir("sub")
        for i in STYLES:
            self.file(f"sub/{i}.css", f".c{i}, .c{i + 10} {{ padding-left: 7px }}")
        for i in SCRIPTS:
            self.file(f"sub/{i}.js", f"(window.loaded ||= []).push({i})")
        for i in IMAGES:
            self.file(f"sub/{i}.svg",
                      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')
        self.file("page.html", PAGE.format(title="page"))
        self.file("other.html", PAGE.format(title="other"))
        self.file("video.html", '<video src="/long.wav" preload="metadata" controls></video>')
        install(self.a, "digest")
        size = RATE * SECONDS
        header = (b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt "
                  + (16).to_bytes(4, "little") + (1).to_bytes(2, "little")
                  + (1).to_bytes(2, "little") + (44100).to_bytes(4, "little")
                  + RATE.to_bytes(4, "little") + (2).to_bytes(2, "little")
                  + (16).to_bytes(2, "little") + b"data" + size.to_bytes(4, "little"))
        path = self.a.file("long.wav", header)
        os.truncate(path, len(header) + size)

    def answers(self, start):
        """[(path, status)] that the log has behind start."""
        text = self.server.log("a.test-access.log")[start:]
        return [(m[1], int(m[2])) for m in re.finditer(r'"GET (\S+) HTTP/1\.1" (\d+)', text)]

    def mark(self):
        return len(self.server.log("a.test-access.log"))


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@pytest.fixture(scope="module")
def browser(module_tmp):
    browser = Browser(module_tmp / "chromium")
    browser.driver.set_page_load_timeout(WAIT)
    browser.driver.set_script_timeout(WAIT)
    yield browser
    browser.quit()


def complete(browser):
    """Waits until all of the page is there and in use."""
    want = {"styles": len(IMAGES), "scripts": len(SCRIPTS), "images": len(IMAGES)}
    browser.wait(lambda: browser.script(COUNT) == want, f"{want}")


def test_page_with_forty_subresources(world, browser):
    start = world.mark()
    browser.go(world.base + "/page.html")
    complete(browser)
    wait_for(lambda: len(world.answers(start)) > SUBRESOURCES, WAIT, "41 lines in the log")
    answers = world.answers(start)
    assert sorted({path for path, _ in answers}) == sorted(
        ["/page.html"] + [f"/sub/{i}.{kind}" for kind, numbers in
                          (("css", STYLES), ("js", SCRIPTS), ("svg", IMAGES)) for i in numbers])
    assert {status for _, status in answers} == {200} and len(answers) == SUBRESOURCES + 1
    errors = [e for e in browser.driver.get_log("browser") if e["level"] == "SEVERE"]
    assert not errors, errors


def test_what_it_has_is_asked_for_again(world, browser):
    """Another page with the same parts, back, reload: each part is validated, none sent again."""
    browser.go(world.base + "/page.html")
    complete(browser)
    wait_for(lambda: len({path for path, _ in world.answers(0)}) > SUBRESOURCES, WAIT,
             "a line for each part")
    start = world.mark()
    browser.go(world.base + "/other.html")
    complete(browser)
    browser.driver.back()
    browser.wait(lambda: browser.url.endswith("/page.html"), "the page before")
    complete(browser)
    browser.driver.refresh()
    complete(browser)

    def validated():
        return [path for path, status in world.answers(start)
                if status == 304 and path.startswith("/sub/")]

    wait_for(lambda: len(set(validated())) == SUBRESOURCES, WAIT, "40 parts with 304")
    sent = [path for path, status in world.answers(start)
            if status == 200 and path.startswith("/sub/")]
    assert not sent, "parts that were sent again"


def test_seeking_in_a_video(world, browser):
    """Forward, back, to the end: a Range each, 206, and nothing like the whole is sent."""
    start = world.mark()
    browser.go(world.base + "/video.html")
    duration = browser.wait(lambda: browser.script(
        "return document.querySelector('video').duration"), "the length of the film")
    assert duration == pytest.approx(SECONDS, abs=1)
    for at in (SECONDS * 0.8, SECONDS * 0.3, SECONDS - 1):
        got = browser.driver.execute_async_script(SEEK, at)
        assert got == pytest.approx(at, abs=1), got
    browser.go("about:blank")
    wait_for(lambda: len([1 for path, status in world.answers(start)
                          if (path, status) == ("/long.wav", 206)]) >= 3, WAIT, "206 three times")
    assert all(status == 206 for path, status in world.answers(start) if path == "/long.wav")


def test_a_big_upload(world, browser):
    """20 MB out of the page's own memory reach a program whole."""
    browser.go(world.base + "/page.html")
    data = bytes(i % 251 for i in range(1_000_000)) * UPLOAD
    answer = browser.driver.execute_async_script(SEND, UPLOAD)
    assert hashlib.sha256(data).hexdigest() in answer, answer[:500]


def test_errors_are_pages(world, browser):
    """A 404 is shown as the page that it is, and the connection lives on for the next one."""
    browser.go(world.base + "/none.html")
    assert "was not found on this server" in browser.text
    browser.go(world.base + "/page.html")
    complete(browser)
