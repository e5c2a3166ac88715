"""
Issue 5, points 1 and 5: some hundred raw requests to itkd, Apache and nginx: status, framing, and
what becomes of the connection, over TCP and for itkd over TLS. The rows are in raw_rows*.py, the
outcomes in raw_outcomes.tsv, each difference with the section that makes ours right.
"""

import concurrent.futures
import re
import shutil

import pytest

import raw
from itkd import amount

THREADS = 4
ROWS = raw.rows()
GROUPS = list(dict.fromkeys(row.group for row in ROWS))
SECTION = re.compile(r"(?:RFC \d{4}|Apache's manual|SECURITY-DESIGN).*\S")


@pytest.fixture(scope="module")
def servers(session_tmp, tls):
    tmp = session_tmp / "raw"
    tmp.mkdir()
    running = raw.Servers(tmp, tls)
    try:
        yield running.start()
    finally:
        running.stop()
        shutil.rmtree(tmp, ignore_errors=True)


def ask_all(servers, server, rows=ROWS, **how):
    """{(group, name): outcome} of rows, and for itkd what its answers say that is not so."""
    def ask(row):
        wire = servers.ask(server, row, **how)
        complaint = raw.unfair(row, wire) if server in ("itkd", "TLS") else ""
        return raw.outcome(row, wire) + complaint

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return {(row.group, row.name): got for row, got in zip(rows, pool.map(ask, rows))}


@pytest.fixture(scope="module")
def outcomes(servers):
    """{server: outcomes}, with itkd over TLS as a fourth server."""
    return {server: ask_all(servers, server) for server in (*raw.SERVERS, "TLS")}


@pytest.mark.parametrize("server", [*raw.SERVERS, "TLS"])
@pytest.mark.parametrize("group", GROUPS)
def test_outcomes(outcomes, group, server):
    """Point 5: each server does with each request what the table says."""
    wrong = [f"{row.name}: {got!r}, not {row.expected(server)!r}" for row in ROWS
             if row.group == group
             and (got := outcomes[server][group, row.name]) != row.expected(server)]
    assert not wrong, "\n".join(wrong)


# What Expect brings depends on whether the content is there already. Over TLS, where a record for
# each byte costs the client much, not all of them.
DRIPPED = [row for row in ROWS if row.group != "expect"]


@pytest.mark.parametrize("server, rows", [("itkd", DRIPPED), ("TLS", DRIPPED[::amount(8, 1)])],
                         ids=["itkd", "TLS"])
@pytest.mark.parametrize("behind", [False, True], ids=["front", "child"])
def test_front_and_child_agree(servers, behind, server, rows):
    """
    Point 1: what becomes of a request that comes byte by byte is the same, whether the front reads
    it or, behind another one, the child.
    """
    got = ask_all(servers, server, rows, behind=behind, dripped=True)
    wrong = [f"{row.group}, {row.name}: {here!r}, not {row.expected(server)!r}" for row in rows
             if (here := got[row.group, row.name]) != row.expected(server)]
    assert not wrong, "\n".join(wrong)


def test_each_difference_has_its_reason():
    """Point 5: where ours differs, the table names the section; where not, nothing."""
    table = raw.table()
    assert len(ROWS) > 600 and set(table) == {(row.group, row.name) for row in ROWS}
    for row in ROWS:
        differs = row.apache != "=" or row.nginx != "="
        assert bool(SECTION.match(row.why)) == differs, row
        assert row.itkd not in (row.apache, row.nginx), f"not a difference: {row}"


def test_nothing_is_smuggled():
    """Point 1: what itkd serves behind the first request is what the framing says, in any row."""
    served = [row.name for row in ROWS if "smuggled" in row.itkd]
    assert served == ["CONNECT with a request in its tunnel", "a request behind the end",
                      "trailers: a request behind"]
