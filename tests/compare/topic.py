"""One file of cases/: both servers on one config, all answers. Used by test_compare.py."""

import concurrent.futures
import importlib.util
import os
import pwd
import re
import subprocess
from pathlib import Path

from apache import Apache, load_modules
from compare import MODULES, Case, Get, Tree, Verdict, ask, fill
from itkd import ITKD, Config, Server, Site, free_port, write_file

CASES = Path(__file__).parent / "cases"
MODULES_DIR = Path("/etc/apache2/mods-available")
THREADS = 4  # cases that are asked, or verdicts that are got, at once
BASE = """
User {main}
Group {main}
ServerName main.test
ServerAdmin webmaster@main.test
LogLevel info
TraceEnable On
Timeout 20
StartServers 6
MinSpareServers 4
MaxSpareServers 8
MaxRequestWorkers 40
TypesConfig /etc/mime.types
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
<Directory "/">
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
"""
OPEN = """	<Directory "{path}">
		AllowOverride All
		Require all granted
	</Directory>
"""


def topics():
    return sorted(p.stem for p in CASES.glob("*.py"))


def load(name):
    """The module cases/NAME.py, with what a file may leave out."""
    spec = importlib.util.spec_from_file_location(f"cases_{name}", CASES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for attribute, value in (("MAIN", ""), ("MODULES", []), ("CASES", []), ("VERDICTS", [])):
        if not hasattr(module, attribute):
            setattr(module, attribute, value)
    names = [case.name for case in module.CASES]
    assert len(set(names)) == len(names), f"{name}: a case comes twice: {sorted(names)}"
    return module


class Spot:
    """Where a server finds its files; what itkd.Server wants of a Config."""

    write = Config.write

    def __init__(self, directory, port, text):
        self.dir, self.port, self.tls_port = directory, port, 0
        self.logs = directory / "logs"
        self.logs.mkdir(parents=True)
        self.pid_file, self.file = directory / "pid", directory / "server.conf"
        self._text = text

    def text(self):
        return self._text


class Results:
    """What the two servers did: answers[server][case name] = [Answer], refused[server][name]."""

    def __init__(self):
        self.answers = {"Apache": {}, "itkd": {}}
        self.refused = {"Apache": {}, "itkd": {}}
        self.logs = {}

    def log(self, server, name):
        path = self.logs[server] / name
        return path.read_text(errors="replace") if path.exists() else ""


class Topic:
    """The servers of one topic. run() gives Results; verdict() one verdict."""

    def __init__(self, module, tmp):
        self.module, self.tmp = module, tmp
        self.port = free_port()
        self.site = Site("main", tmp)
        self.cases = [*module.CASES, *htaccess_cases(module.VERDICTS)]
        self.modules = MODULES + list(module.MODULES)

    def values(self, case):
        return {"root": self.tmp / "files" / case.name / "root", "port": self.port,
                "dir": self.tmp / "files" / case.name / "dir", "name": case.name,
                "logs": "@LOGS@", "main": self.site.user}

    def make_trees(self):
        for case in self.cases:
            user = pwd.getpwnam(f"itkt-{case.user}")
            values = self.values(case)
            Tree(case, values["root"], values["dir"], (user.pw_uid, user.pw_gid), values)

    def vhost(self, case):
        values = self.values(case)
        lines = [f"<VirtualHost *:{self.port}>", f"\tServerName {case.host}",
                 f"\tAssignUserID itkt-{case.user} itkt-{case.user}",
                 *(f"\tServerAlias {alias}" for alias in case.aliases),
                 f'\tDocumentRoot "{values["root"]}"',
                 f'\tErrorLog "@LOGS@/{case.name}-error.log"']
        if case.base:
            lines += [OPEN.format(path=values[name]).rstrip() for name in ("root", "dir")]
        lines += [fill(case.config, values).rstrip("\n"), "</VirtualHost>"]
        return "\n".join(lines) + "\n"

    def config(self, directory, apache, own="", vhosts=()):
        """A whole config; vhosts are files. own: what stands before the topic's MAIN."""
        head = load_modules(self.modules) if apache else ["FrontUser _itkd"]
        head += [f"Mutex file:{directory} default"] if apache else []
        text = fill(BASE, {"main": self.site.user}) + own + self.module.MAIN
        parts = [*head, f'ServerRoot "{self.tmp}"', f'PidFile "{directory}/pid"',
                 f"Listen 127.0.0.1:{self.port}", 'ErrorLog "@LOGS@/error.log"',
                 f'DocumentRoot "{self.site.docroot}"', OPEN.format(path=self.site.docroot),
                 fill(text, {"main": self.site.user, "port": self.port, "logs": "@LOGS@",
                             "dir": self.tmp, "root": self.site.docroot}),
                 *(f'Include "{v}"' for v in vhosts)]
        return "\n".join(parts).replace("@LOGS@", str(directory / "logs")) + "\n"

    def spot(self, name):
        """One server's files: a config that includes a file for each vhost; {file: case}."""
        directory = self.tmp / name
        files = {}
        main = Case("main")
        main_block = (f"<VirtualHost *:{self.port}>\n\tServerName main.test\n\tDocumentRoot "
                      f'"{self.site.docroot}"\n</VirtualHost>\n')
        spot = Spot(directory, self.port, "")
        for case in [main, *self.cases]:
            path = directory / f"{case.name}.conf"
            block = main_block if case is main else self.vhost(case)
            write_file(path, block.replace("@LOGS@", str(spot.logs)))
            files[str(path)] = case
        spot.files = files
        self.rewrite(spot)
        return spot

    def rewrite(self, spot):
        spot._text = self.config(spot.dir, spot.dir.name == "Apache", vhosts=spot.files)
        spot.write()

    def server(self, spot):
        if spot.dir.name == "Apache":
            return Apache(spot.dir, spot.file, spot.port)
        return Server(spot)

    def without_refused(self, name, results):
        """A server on all vhosts that it takes: the others are remembered with what it said."""
        spot = self.spot(name)
        results.logs[name] = spot.logs
        while True:
            server = self.server(spot)
            done = server.check() if name == "Apache" else server.itkd("-t")
            if done.returncode == 0:
                return server
            said = done.stderr + done.stdout
            guilty = [f for f in spot.files if f in said and spot.files[f].name != "main"]
            assert guilty, f"{name} refuses the main config of this topic:\n{said}"
            for file in guilty:
                case = spot.files.pop(file)
                lines = [line for line in said.splitlines() if file in line or name == "Apache"]
                results.refused[name][case.name] = "\n".join(lines)
            self.rewrite(spot)

    def run(self):
        """All cases by both servers."""
        self.make_trees()
        results = Results()
        for name in ("Apache", "itkd"):
            server = self.without_refused(name, results)
            try:
                server.start()
                asked = [c for c in self.cases if c.name not in results.refused[name]]
                with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
                    for case, answers in zip(asked, pool.map(self.ask_all, asked)):
                        results.answers[name][case.name] = answers
                # A log line may come after the answer, but before the end of who serves it.
                server.wait_idle()
            finally:
                server.stop() if name == "Apache" else server.discard()
            problems = [] if name == "Apache" else server.sanitizer_reports()
            assert not problems, "\n".join(problems)
        return results

    def ask_all(self, case):
        values = self.values(case)
        answers = []
        for request in case.requests:
            if isinstance(request, Get):
                request.path = fill(request.path, values)
            head_only = getattr(request, "method", "") == "HEAD"
            answers.append(ask(self.port, request.data(case, self.port), head_only))
        return answers

    # -- verdicts

    def verdicts(self):
        """[{server: (whether it takes the text, what it said)}], None for those of .htaccess."""
        wanted = [(i, v) for i, v in enumerate(self.module.VERDICTS) if v.where != "htaccess"]
        said = [None if v.where == "htaccess" else {} for v in self.module.VERDICTS]
        jobs = [(name, i, v) for name in ("Apache", "itkd") for i, v in wanted]
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            for (name, i, _), result in zip(jobs, pool.map(lambda job: self.verdict(*job), jobs)):
                said[i][name] = result
        return said

    def verdict(self, name, i, verdict):
        own, case = place(verdict)
        directory = self.tmp / f"verdict-{name}" / str(i)
        (directory / "logs").mkdir(parents=True)
        vhost = directory / "vhost.conf"
        write_file(vhost, self.vhost(case).replace("@LOGS@", str(directory / "logs")))
        for key in ("root", "dir"):
            self.values(case)[key].mkdir(parents=True, exist_ok=True)
        file = write_file(directory / "server.conf",
                          self.config(directory, name == "Apache", own, [vhost]))
        if name == "Apache":
            done = Apache(directory, file, self.port).check()
        else:
            done = subprocess.run([str(ITKD), "-t", "-f", str(file)], capture_output=True,
                                  text=True, timeout=60, stdin=subprocess.DEVNULL)
        return done.returncode == 0, done.stderr + done.stdout


PLACES = {"directory": '<Directory "{root}">\n%s\n</Directory>',
          "location": "<Location />\n%s\n</Location>",
          "files": '<Files "x">\n%s\n</Files>',
          "vhost": "%s"}


def place(verdict):
    """What stands in the main server, and the Case with the rest."""
    if verdict.where == "server":
        return verdict.text + "\n", Case("verdict")
    return "", Case("verdict", config=PLACES[verdict.where] % verdict.text)


def htaccess_cases(verdicts):
    """Each verdict of a .htaccess as a case: GET /x is a 500, or not."""
    cases = []
    for i, verdict in enumerate(verdicts):
        if verdict.where == "htaccess":
            config = f'<Directory "{{root}}">\nAllowOverride {verdict.override}\n</Directory>'
            cases.append(Case(f"htaccess-{i}", config=config, requests=[Get("/x")],
                              files={".htaccess": verdict.text + "\n", "x": "x"}))
    return cases


def identifier(verdict):
    text = re.sub(r"\s+", " ", verdict.text)
    return f"{verdict.where}:{text}"[:70] or "empty"


def environment_problem():
    """Why nothing can be compared on this machine, or an empty string."""
    if os.geteuid() != 0:
        return "needs root"
    wanted = [Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules/mpm_itk.so")]
    missing = [str(p) for p in wanted if not p.exists()]
    return f"{' and '.join(missing)} missing: scripts/install-deps" if missing else ""
