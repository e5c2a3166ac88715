"""
Every case of cases/ by Apache and by itkd. See compare.py for what a file of cases may say.

  pytest tests/compare -k access          one topic
  pytest tests/compare -k 'access and deny_all'
"""

import re
import shutil

import pytest

import topic
from compare import Case, Get, differences

MODULES = {name: topic.load(name) for name in topic.topics()}
CASES = [pytest.param(name, i, id=f"{name}-{case.name}")
         for name, module in MODULES.items() for i, case in enumerate(module.CASES)]
VERDICTS = [pytest.param(name, i, id=f"{name}-{i}-{topic.identifier(verdict)}")
            for name, module in MODULES.items() for i, verdict in enumerate(module.VERDICTS)]


@pytest.fixture(scope="session")
def compared(session_tmp):
    """compared(topic) -> (Topic, Results), made once."""
    made = {}

    def get(name):
        if name not in made:
            tmp = session_tmp / f"compare-{name}"
            tmp.mkdir()
            this = topic.Topic(MODULES[name], tmp)
            try:
                made[name] = this, this.run()
            except AssertionError as error:
                made[name] = this, error
        this, results = made[name]
        if isinstance(results, AssertionError):
            raise AssertionError(f"topic {name}: {results}")
        return this, results

    assert not topic.environment_problem(), topic.environment_problem()
    yield get
    for this, _ in made.values():
        shutil.rmtree(this.tmp, ignore_errors=True)


def check_case(case, results):
    """All that is different, as a text."""
    for server, refused in results.refused.items():
        if case.name in refused:
            return f"{server} refuses the config of {case.name}:\n{refused[case.name]}"
    pairs = zip(case.requests, results.answers["Apache"][case.name],
                results.answers["itkd"][case.name])
    problems = [differences(case, *three) for three in pairs]
    problems += [log_differences(results, name) for name in case.logs]
    problems += [f"{server}'s error log has no {pattern!r}" for pattern in case.errors
                 for server in results.logs
                 if not re.search(pattern, results.log(server, f"{case.name}-error.log"))]
    return "\n\n".join(p for p in problems if p)


def log_differences(results, name):
    one, two = (results.log(server, name) for server in ("Apache", "itkd"))
    times = re.compile(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\]")
    one, two = (times.sub("[time]", text).splitlines() for text in (one, two))
    if one == two:
        return ""
    both = [f"  Apache: {a}\n  itkd:   {b}" for a, b in zip(one, two) if a != b]
    return f"{name}: {len(one)} lines and {len(two)}\n" + "\n".join(both)


def error_logs(case, results):
    parts = [f"--- {server}'s error log of {case.name}\n"
             + "\n".join(results.log(server, f"{case.name}-error.log").splitlines()[-15:])
             for server in results.logs]
    return "\n".join(parts)


@pytest.mark.parametrize("name, i", CASES)
def test_case(name, i, compared):
    _, results = compared(name)
    case = MODULES[name].CASES[i]
    problem = check_case(case, results)
    assert not problem, f"\n{problem}\n{error_logs(case, results)}"


@pytest.mark.parametrize("name, i", VERDICTS)
def test_verdict(name, i, compared):
    this, results = compared(name)
    if not hasattr(this, "said"):
        this.said = this.verdicts()
    verdict = MODULES[name].VERDICTS[i]
    if verdict.where == "htaccess":
        said = htaccess_verdict(f"htaccess-{i}", results)
    else:
        said = this.said[i]
    apache, itkd = said["Apache"], said["itkd"]
    assert apache[0] == verdict.ok, f"Apache: {apache}"
    assert itkd[0] == (verdict.ok and not verdict.because), f"itkd: {itkd}\nApache: {apache}"
    for server, (_, text) in said.items():
        assert re.search(verdict.message, text), f"{server} says: {text}"


def htaccess_verdict(name, results):
    said = {}
    for server in results.logs:
        assert name not in results.refused[server], results.refused[server][name]
        answer = results.answers[server][name][0]
        assert not answer.problem, answer
        said[server] = (answer.status != 500, results.log(server, f"{name}-error.log"))
    return said


# -- the comparison itself can fail

SAYS = {"Apache": "one", "itkd": "two"}


@pytest.fixture(scope="module")
def unequal(session_tmp):
    """Two servers that do not do the same: @@ is `one` for Apache and `two` for itkd."""
    module = type("Module", (), {})()
    module.MAIN, module.MODULES, module.VERDICTS = "", [], []
    module.CASES = [
        Case("same", files={"x": "x\n"}, requests=[Get("/x")]),
        Case("log", files={"x": "x\n"}, requests=[Get("/x")], logs=("log",),
             config='CustomLog "{logs}/log" "%{x}i @@"'),
        Case("body", files={"x": "x\n"}, requests=[Get("/x")],
             config="Alias /x {dir}/@@", errors=("nothing logs this",)),
        Case("refused", config="Nonsense @@", requests=[Get("/x")]),
    ]
    tmp = session_tmp / "compare-unequal"
    tmp.mkdir()
    this = topic.Topic(module, tmp)
    plain = this.vhost
    this.make_trees()
    for case in module.CASES:
        for server in SAYS.values():
            (this.values(case)["dir"] / server).write_text(server)
    this.make_trees = lambda: None
    spot = this.spot

    def spot_of(server):
        this.vhost = lambda case: plain(case).replace("@@", SAYS[server])
        return spot(server)

    this.spot = spot_of
    yield {case.name: check_case(case, results) for results in [this.run()]
           for case in module.CASES}
    shutil.rmtree(tmp, ignore_errors=True)


@pytest.mark.parametrize("case, finding", [
    ("same", r"\A\Z"),
    ("log", r"(?s)log: 1 lines and 1.*Apache: - one.*itkd: +- two"),
    ("body", r"(?s)-one.*\+two.*Apache's error log has no.*itkd's error log has no"),
    ("refused", r"(?s)refuses the config of refused.*Nonsense")])
def test_differences_are_found(unequal, case, finding):
    assert re.search(finding, unequal[case]), unequal[case]
