"""SetHandler server-status: what Apache's page and ?auto say, for whom, and what nobody may do."""

import concurrent.futures
import re

from itkd import Proc, wait_for

STATUS = ("<Location /status>", "SetHandler server-status", "</Location>")
# As mod_status of Apache 2.4 prints them; monitoring tools look for these names.
NAMES = """ServerVersion ServerMPM Server_Built CurrentTime RestartTime ParentServerConfigGeneration
    ParentServerMPMGeneration ServerUptimeSeconds ServerUptime Load1 Load5 Load15 Total_Accesses
    Total_kBytes Total_Duration CPUUser CPUSystem CPUChildrenUser CPUChildrenSystem CPULoad Uptime
    ReqPerSec BytesPerSec BytesPerReq DurationPerReq BusyWorkers GracefulWorkers IdleWorkers
    Scoreboard""".split()


def values(server, site):
    answer = server.get("/status?auto", site)
    assert answer.status == 200 and answer.header("Content-Type").startswith("text/plain")
    return dict(re.findall(r"^([\w ]+): ?(.*)$", answer.text, re.M))


def rows(server, site, query=""):
    page = server.get(f"/status{query}", site).text
    cells = [re.findall(r"<td[^>]*>(?:<b>)?([^<\n]*)", row) for row in page.split("<tr>")[1:]]
    return [row for row in cells if len(row) == 15], page


def sockets(site):
    """How many the process has that waits for the site's program."""
    [cgi] = site.held()
    return sum(fd.startswith("socket:") for fd in Proc(cgi.ppid).fds().values())


def test_auto(start, config, site_a, site_b):
    config.options["KeepAliveTimeout"] = 300
    config.vhost(site_a, *STATUS)
    config.vhost(site_b)
    site_b.file("big", "x" * 100000)
    server = start(config)
    before = values(server, site_a)
    for _ in range(5):
        assert server.get("/big", site_b).status == 200
    with server.connect() as c:
        for _ in range(4):
            assert c.get("/big", "b.test").status == 200
        # Kept, and its process has not told the master of all of them yet. On a machine that is
        # too busy to answer in time the page is made without it.
        asked = []

        def counted():
            asked.append(values(server, site_a))
            done = int(asked[-1]["Total Accesses"]) - int(before["Total Accesses"])
            return done == 9 + len(asked)

        wait_for(counted, 60, "all nine and the pages themselves to be counted")
    after = asked[-1]
    assert 878 <= int(after["Total kBytes"]) - int(before["Total kBytes"]) <= 882 + len(asked)
    assert int(after["Total Duration"]) >= 0 and float(after["BytesPerReq"]) > 50000
    assert len(after["Scoreboard"]) == 100 and set(after["Scoreboard"]) <= set("_WRKCG.")
    busy = sum(letter in "WRKCG" for letter in after["Scoreboard"])
    assert int(after["BusyWorkers"]) == busy >= 2
    assert int(after["IdleWorkers"]) == after["Scoreboard"].count("_")
    wait_for(lambda: "CPULoad" in values(server, site_a), 30, "a second to pass")
    names = [name.replace(" ", "_") for name in values(server, site_a)]
    assert names == NAMES
    later = int(values(server, site_a)["Total Accesses"])
    assert later > int(after["Total Accesses"])


def test_table(start, config, site_a, site_b):
    """A process each, with what it says of itself; the request is escaped."""
    config.options["KeepAliveTimeout"] = 300
    config.vhost(site_a, *STATUS)
    config.vhost(site_b)
    server = start(config)
    [held] = server.hold(site_b)
    with server.connect() as kept:
        assert kept.get("/?<b>&", "b.test").status == 200

        def whole():
            found, page = rows(server, site_a)
            kept_waits = "K" in [row[3] for row in found]
            return kept_waits and "?&lt;b&gt;" in page and "/hold" in page and (found, page)

        found, page = wait_for(whole, 60, "a page with all")
    by_request = {row[14]: row for row in found}
    [hold] = [row for request, row in by_request.items() if "/cgi-bin/hold" in request]
    assert hold[3] == "W" and hold[13].startswith("b.test") and hold[11].startswith("127.0.0.1")
    assert Proc(int(hold[1])).comm == "itkd: child"
    idle = by_request["GET /?&lt;b&gt;&amp; HTTP/1.1"]
    assert idle[3] == "K" and idle[2] == "1/1/1"
    assert by_request["GET /status HTTP/1.1"][3] == "W"
    assert "<dt>Total accesses: " in page and " requests/sec - " in page or "kB" in page
    listed = server.get("/status?notable", site_a).text
    assert "/cgi-bin/hold" in listed and "<table" not in listed
    assert server.get("/status?refresh=7", site_a).header("Refresh") == "7"
    site_b.release()
    held.close()


def test_pages_at_once(start, config, site_a):
    """Each has all the processes: none takes what another one asked for."""
    config.vhost(site_a, *STATUS)
    server = start(config)
    [held] = server.hold(site_a)

    def burst():
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            pages = list(pool.map(lambda _: rows(server, site_a)[1], range(12)))
        return all("/cgi-bin/hold" in page and "Total accesses: " in page for page in pages)

    wait_for(burst, 60, "twelve pages that are whole")
    site_a.release()
    held.close()


def test_extended_status_off(start, config, site_a):
    """Letters alone, and no process has a socket for more."""
    config.main("ExtendedStatus Off")
    config.vhost(site_a, *STATUS)
    server = start(config)
    [held] = server.hold(site_a)
    found = values(server, site_a)
    assert "Total Accesses" not in found and int(found["BusyWorkers"]) >= 2
    assert "ExtendedStatus On" in server.get("/status", site_a).text
    assert "/cgi-bin/hold" not in server.get("/status", site_a).text
    assert sockets(site_a) == 1
    site_a.release()
    held.close()


def test_not_from_htaccess(start, config, site_a, site_b):
    """The page is where the server's own configuration has it, and so are its descriptors."""
    config.vhost(site_a, *STATUS)
    config.vhost(site_b, f'<Directory "{site_b.docroot}">', "AllowOverride All", "</Directory>")
    site_b.mkdir(site_b.docroot / "s")
    site_b.file("s/.htaccess", "SetHandler server-status\n")
    server = start(config)
    assert server.get("/s/", site_b).status == 403
    counts = {}
    for site in (site_a, site_b):
        [held] = server.hold(site)
        counts[site] = sockets(site)
        site.release()
        held.close()
    # Connection, sums, report; where the page is: what others report, and the word to ask them.
    assert counts == {site_b: 3, site_a: 5}
