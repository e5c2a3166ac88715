"""
Issue 4, point 1: what of mod_rewrite has no peer in Apache,
or is seen in the logs only. What is the
same as in Apache is in ../compare/cases/rewrite*.py.
"""

import os
import re

import pytest

from itkd import Config, Site, wait_for

SLOW = "^(a|a|b)+$"  # exponential: every further letter doubles the time


class World:
    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory))
        self.map = self.a.root / "map.txt"
        self.foreign = self.b.root / "map.txt"
        self.pipe = self.a.root / "pipe"
        for path in (self.map, self.foreign, self.pipe):
            path.write_text("x /a.html\n")
        self.a.own(self.map, 0o600)
        self.b.own(self.foreign, 0o600)
        self.a.own(self.pipe, 0o600)
        config.raw(f'<Directory "{self.a.docroot}">', "\tRequire all granted",
                   "\tAllowOverride All", "</Directory>")
        config.vhost(self.a, "LogLevel info rewrite:trace8", "RewriteEngine On",
                     f"RewriteMap own txt:{self.map}", f"RewriteMap foreign txt:{self.foreign}",
                     f"RewriteMap pipe txt:{self.pipe}",
                     "RewriteRule ^/own/(.*) ${own:$1|/none}",
                     "RewriteRule ^/foreign/(.*) ${foreign:$1|/b.html}",
                     "RewriteRule ^/pipe/(.*) ${pipe:$1|/b.html}",
                     "RewriteRule ^/gone/(.*) ${own:$1|/b.html}")
        config.vhost(self.b, f"RewriteEngine On\n\tRewriteRule {SLOW} /x")
        self.server = start(config)
        self.a.file("a.html", "a\n")
        self.a.file("b.html", "b\n")

    def rules(self, name, text):
        """A directory of a's with these rules."""
        self.a.mkdir(name)
        self.a.file(f"{name}/.htaccess", "RewriteEngine On\n" + text + "\n")
        self.a.file(f"{name}/x", "x\n")

    def get(self, path, **how):
        return self.server.get(path, self.a, **how)

    def said(self, pattern, site=None):
        return self.server.wait_log(pattern, f"{(site or self.a).name}-error.log")


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@pytest.mark.parametrize("name, rules", [
    ("rule", f"RewriteRule {SLOW} y"),
    ("negated", f"RewriteRule !{SLOW} y"),
    ("condition", f"RewriteCond %{{QUERY_STRING}} {SLOW}\nRewriteRule . y")])
def test_pattern_that_takes_too_long(world, name, rules):
    """500 and a line, in a time that is bounded; never a verdict that nobody has made."""
    world.rules(f"slow-{name}", rules)
    text = "a" * 60 + "c"
    answer = world.get(f"/slow-{name}/{'x' if name == 'condition' else text}?{text}")
    assert answer.status == 500
    world.said(rf"\[rewrite:error\] .*the pattern '!?{re.escape(SLOW)}' takes too long for '")
    assert world.get("/a.html").status == 200


def test_pattern_of_the_server_that_takes_too_long(world):
    answer = world.server.get("/" + "a" * 60 + "c", world.b)
    assert answer.status in (404, 500)  # the slash is no letter of the pattern's
    assert world.server.get("/x", world.b).status == 404


def test_rounds_that_grow(world):
    """A text that grows with each round ends, in little memory, as in Apache."""
    world.rules("grow", "RewriteRule ^(.*)$ $1$1x [N]")
    assert world.get("/grow/x").status == 500
    world.said(r"exceeded maximum length \(16380\)|a text is longer than")


def test_expansion_that_grows(world):
    """What conditions and variables make is bounded, too."""
    rules = "".join(f"RewriteRule . - [E=V{i + 1}:{f'%{{ENV:V{i}}}' * 64}]\n" for i in range(8))
    world.rules("bomb", "RewriteRule . - [E=V0:0123456789abcdef]\n" + rules)
    assert world.get("/bomb/x").status == 500
    world.said("a text is longer than 1048576 bytes")


def test_maps_are_read_as_the_user(world):
    """A map of another user's is none; a FIFO does not hang."""
    assert world.get("/own/x").body == b"a\n"
    assert world.get("/foreign/x").body == b"b\n"
    world.said(r"\(13\)Permission denied: AH00655: mod_rewrite: can't open text RewriteMap file "
               + re.escape(str(world.foreign)))
    world.pipe.unlink()
    os.mkfifo(world.pipe)
    os.chown(world.pipe, world.a.uid, world.a.gid)
    assert world.get("/pipe/x").body == b"b\n"
    world.said("AH00655: mod_rewrite: can't open text RewriteMap file .*pipe: it is no file")
    world.map.rename(world.map.with_suffix(".away"))
    assert world.get("/gone/x").body == b"b\n"
    world.said(r"\(2\)No such file or directory: AH00661: mod_rewrite: can't access text "
               "RewriteMap file " + re.escape(str(world.map)))
    world.map.with_suffix(".away").rename(world.map)


def test_trace(world):
    """The lines of LogLevel rewrite:trace8, in Apache's words."""
    world.rules("trace", "RewriteCond %{QUERY_STRING} q=(.)\nRewriteRule ^(t.*)$ /a.html?z=%1$1 "
                         "[E=V:1,B]\nRewriteRule ^r$ http://o.test/x [R=301]")
    place = re.escape(str(world.a.docroot))
    assert world.get("/trace/t%2bx?q=7").status == 200
    who = (r"\[rewrite:trace%d\] \[pid \d+\] \[client [^]]+\] 127\.0\.0\.1 - - "
           r"\[[^]]+/sid#[0-9a-f]+\]\[rid#[0-9a-f]+/%s\] ")
    for level, kind, text in (
            (2, "initial", r"init rewrite engine with requested uri /trace/t\+x"),
            (3, "initial", r"applying pattern '\^/own/\(\.\*\)' to uri '/trace/t\+x'"),
            (1, "initial", r"pass through /trace/t\+x"),
            (3, "initial",
            rf"\[perdir {place}/trace/\] strip per-dir prefix: {place}/trace/t\+x -> t\+x"),
            (3, "initial",
            rf"\[perdir {place}/trace/\] applying pattern '\^\(t\.\*\)\$' to uri 't\+x'"),
            (4, "initial",
            rf"\[perdir {place}/trace/\] RewriteCond: input='q=7' pattern='q=\(\.\)' => matched"),
            (5, "initial", rf"\[perdir {place}/trace/\] escaping backreference '7' to '7'"),
            (2, "initial", rf"\[perdir {place}/trace/\] rewrite 't\+x' -> '/a\.html\?z=7t%2bx'"),
            (5, "initial", r"setting env variable 'V' to '1'"),
            (3, "initial", r"split uri=/a\.html\?z=7t%2bx -> uri=/a\.html, args=z=7t%2bx"),
            (2, "initial", rf"\[perdir {place}/trace/\] setting lastsub to rule with output "),
            (1, "initial",
            rf"\[perdir {place}/trace/\] internal redirect with /a\.html \[INTERNAL REDIRECT\]"),
            (2, "initial/redir#1", r"init rewrite engine with requested uri /a\.html")):
        world.said(who % (level, kind) + text)
    assert world.get("/trace/r").header("Location") == "http://o.test/x"
    world.said(rf"\[perdir {place}/trace/\] explicitly forcing redirect with http://o\.test/x")
    world.said(rf"\[perdir {place}/trace/\] escaping http://o\.test/x for redirect")
    world.said(rf"\[perdir {place}/trace/\] redirect to http://o\.test/x \[REDIRECT/301\]")


def test_no_status_of_an_answer(world):
    """Apache answers with 100 alone, after which a client waits for an answer."""
    world.rules("interim", "RewriteRule ^ - [R=100]")
    assert world.get("/interim/x").status == 500
    world.said("100 cannot be an answer's status")


def test_error_has_file_and_line(world):
    world.rules("broken", "RewriteRule ( x")
    assert world.get("/broken/x").status == 500
    world.said(r"\[core:alert\] .*broken/\.htaccess: RewriteRule: cannot compile regular "
               r"expression '\(' \(line 2\)")


def test_cookies_are_bounded(world):
    """However many a rule sets, the answer's head holds."""
    world.rules("cookies", "".join(f"RewriteRule . - [CO=c{i}:{'v' * 900}:x.test]\n"
                                   for i in range(60)))
    answer = world.get("/cookies/x")
    assert answer.status == 200 and 10 < len(answer.header_all("Set-Cookie")) < 20
    world.said("the cookie 'c59' is too long")


def test_nothing_is_injected(world):
    """A line break of the client's reaches no field."""
    world.rules("inject", "RewriteCond %{QUERY_STRING} (.*)\n"
    "RewriteRule ^c(.*)$ - [CO=a:$1:x.test]\n"
                          "RewriteRule ^n(.*)$ http://o.test/$1 [R,NE,L]")
    answer = world.get("/inject/c%0d%0aX-Bad:1")
    assert answer.header("X-Bad") is None and not answer.header_all("Set-Cookie")
    answer = world.get("/inject/n%0d%0aX-Bad:1")
    assert answer.status == 500 and answer.header("X-Bad") is None


def test_look_ups_in_each_other_end(world):
    """Conditions that look up a URL whose rules look up another."""
    rules = "RewriteCond %{REQUEST_URI}x -U\nRewriteRule ^ - [E=V:1]"
    world.rules("deep", rules)
    assert world.get("/deep/x").status == 200


def test_only_time_in_rules_counts(start, config, site_a):
    """A program that is busy for longer than Timeout, and then rules for where it leads."""
    site_a.file("a.txt", "a\n")
    config.vhost(site_a, "Timeout 2", "RewriteEngine On", "RewriteRule ^/none$ /gone",
                 f'<Directory "{site_a.docroot}">', "RewriteEngine On", "RewriteRule ^none$ gone",
                 "</Directory>")
    site_a.cgi("slow", "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10\n"
               "do echo $i >&2; sleep 0.25; done\n"
               "printf 'Location: /a.txt\\r\\n\\r\\n'\n")
    server = start(config)

    def asked():
        got = server.get("/cgi-bin/slow", site_a)
        return got.status != 504 and got  # the program itself was held up for two seconds

    answer = wait_for(asked, 60, "a program that says something in time")
    assert (answer.status, answer.body) == (200, b"a\n")


def test_slow_rules_one_after_the_other(start, config, site_a):
    """What each pattern takes is counted together, over internal redirects, too."""
    slow = "(a|a|b)+"
    rules = "".join(f"RewriteCond {'a' * 15}c !^{slow}$\nRewriteRule . - [E=V:{i}]\n"
                    for i in range(6))
    site_a.file(".htaccess", f"RewriteEngine On\n{rules}RewriteRule ^(x+)$ x$1\n", 0o644)
    config.vhost(site_a, "Timeout 1", "LimitInternalRecursion 100",
                 f'<Directory "{site_a.docroot}">', "AllowOverride All", "</Directory>")
    server = start(config)
    assert server.get("/x", site_a).status == 500
    server.wait_log("RewriteRule '.*' and URI '/xx+' take too long", f"{site_a.name}-error.log")
