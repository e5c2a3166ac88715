"""
Who asks in cases/auth.py: the files of passwords and groups, clients that speak Basic and Digest,
and cases whose lines stand in <Directory>, in .htaccess, or in each of them.
"""

import base64
import dataclasses
import hashlib
import re

from compare import Case, Get, ask, cgi_env

# Each password is "secret", by htpasswd -BC4 -m -s -d -2 -5 -p, and openssl passwd -1.
HASHES = """bcrypt:$2y$04$52X8XSO7fofyDj301jLqneDHwULwypqhwLBOrEPJt0VpWTZn/Gu6C
apr1:$apr1$LOJ4XvZJ$TdIGacCuGjvzFqls84i7G/
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
des:mZ0Vdt2KXUNSw
sha256:$5$rounds=1000$WqCPzg54VmhvTAfj$XHyyyZEF.DSS/zfWgp/leZjTYaime/1oJWa4.QIY151
sha512:$6$rounds=1000$oCo84P/YVBw6JXcd$JyryycW4JGpHW1O8ngonSSk9D6SJFpUqYXfbEeTskWPNJ9gKL.\
scxn5WZb9YEbaAvjEpRVFezJQuG9tK0j1u1.
md5:$1$abc$iCQ2D3nhptRYi27fDYv2s1
"""
ODD = """# bcrypt:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
plain:secret
 spaces : x
	tab:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
with space:$2y$04$h9loYEDtm47osj7aATEUJO0JueFjSCYOAfR18ZSKbMziAqEWy2S/i
empty:$apr1$0mRICmRD$fpiZ1n2cosogDTV.mzItF1
twice::{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
more:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=:comment:x
joi\\
ned:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
nohash
none:
star:*
star0:*0
star1:*1
short:$2y$04$
cost:$2y$99$52X8XSO7fofyDj301jLqneDHwULwypqhwLBOrEPJt0VpWTZn/Gu6C
unknown:$x$abc$def
apr-no:$apr1$
first:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
first:{SHA}xxxx
last:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="""
DIGESTS = """alice:R:1f7ce4d4f6b2495234041d7f73be0c20
bob:R:ff378b6229402943f19ae4ebb9a978e9
alice:S T:17ce2d9804ec8728c807f8301f814ba2
short:R
upper:R:1F7CE4D4F6B2495234041D7F73BE0C20
"""
GROUPS = """# apr1: nobody
staff: bcrypt sha
Admins: "sha" 'with space'
 padded : des
empty:
joined: \\
  md5
no colon bcrypt
sha: bcrypt
"""
FILES = {"x": "x", "sub/y": "y", "index.html": "index", "{dir}/pw": HASHES, "{dir}/odd": ODD,
         "{dir}/dg": DIGESTS, "{dir}/groups": GROUPS, "env.cgi": cgi_env(
             "REMOTE_USER", "AUTH_TYPE", "HTTP_AUTHORIZATION", "REDIRECT_REMOTE_USER",
             "REDIRECT_STATUS", "HTTP_X_USER", "FOUND")}
CGI = "Options +ExecCGI\nAddHandler cgi-script .cgi\n"
TYPE = 'AuthType Basic\nAuthName "R"\n'
FILE = "AuthUserFile {dir}/pw\nAuthGroupFile {dir}/groups\n"
AUTH = TYPE + FILE
VALID = AUTH + "Require valid-user\n"
DIGEST = 'AuthType Digest\nAuthName "R"\nAuthUserFile {dir}/dg\n'
DVALID = DIGEST + "Require valid-user\n"
OTHER = Get("/x", {"X-Env": "G"})
ENV = 'SetEnvIf X-Env "G" G\n'


def basic(user, password="secret", path="/x", scheme="Basic", **more):
    """A request with a password."""
    coded = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"{scheme} {coded}", **more.pop("headers", {})}
    return Get(path, headers, **more)


def raw(field, path="/x"):
    """A request with an Authorization field as it stands."""
    return Get(path, {"Authorization": field})


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


@dataclasses.dataclass
class Digest(Get):
    """
    A request with a Digest field, for a nonce that the server gives just before. fields: what is
    said instead of what would be right; None leaves it out. before: the fields of requests that are
    sent first, answered, and not compared. A field may be a function of the servers' answers so
    far, the first of which is the one that gave the nonce.
    """
    user: str = "alice"
    password: str = "secret"
    realm: str = "R"
    fields: dict = dataclasses.field(default_factory=dict)
    before: tuple = ()
    first: str = ""  # where the nonce is from; "": path

    def __str__(self):
        return (f"{super().__str__()} by {self.user}:{self.password}@{self.realm} {self.fields}"
                f"{' after ' + str(len(self.before)) if self.before else ''}")

    def data(self, case, port):
        def send(data):
            answers.append(ask(port, data, self.method == "HEAD"))
        answers = []
        send(Get(self.first or self.path, self.headers, self.method, host=self.host)
             .data(case, port))
        for fields in self.before:
            send(self.field(case, port, answers, fields))
        return self.field(case, port, answers, self.fields)

    def field(self, case, port, answers, fields):
        say = {"username": self.user, "realm": self.realm, **given(answers[0]), "uri": self.path,
               "qop": "auth", "nc": "00000001", "cnonce": "c", "algorithm": "MD5", **fields}
        say = {k: v(answers) if callable(v) else v for k, v in say.items()}
        password = say.pop("password", self.password)
        say = {k: v for k, v in say.items() if v is not None}
        proof = md5(md5(self.user, self.realm, password), say["nonce"],
                    *(say.get(k, "") for k in ("nc", "cnonce", "qop")),
                    md5(self.method, say["uri"]))
        say = {"response": proof, **say}
        text = ", ".join(k + '="' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
                         for k, v in say.items() if v != "-")
        return Get(self.path, {**dict(self.headers), "Authorization": f"Digest {text}"},
                   self.method, host=self.host).data(case, port)


def given(answer):
    """The nonce of an answer, with its opaque."""
    field = answer.field("www-authenticate") or ""
    return {"nonce": "", **dict(re.findall(r'(nonce|opaque)="([^"]*)"', field))}


def fresh(answers):
    """What the last answer gave for the next request."""
    told = re.search(r'nextnonce="([^"]*)"', answers[-1].field("authentication-info") or "")
    return told[1] if told else given(answers[-1])["nonce"]


def opaque(answers):
    return given(answers[-1]).get("opaque")


ASK = [Get("/x"), basic("sha"), basic("nobody"), basic("bcrypt"), basic("apr1"),
       basic("bcrypt", "wrong")]


def place(name, text, requests=(), files=None, errors=(), server="", **more):
    """A case whose docroot has these rules, in a <Directory> of its own."""
    config = (f'{ENV}{server}\nCustomLog {{logs}}/{name}-user.log "%u %s %>s %U"\n'
              f'<Directory "{{root}}">\n{text}\n</Directory>')
    return Case(name, files={**FILES, **(files or {})}, config=config,
                requests=list(requests) or ASK, errors=errors, logs=(f"{name}-user.log",), **more)


def both(name, text, requests=(), files=None, errors=(), **more):
    """The same rules in a <Directory>, and in a .htaccess."""
    return [place(name, text, requests, files, errors, **more),
            place(f"{name}-ht", "", requests or ASK[:3], {".htaccess": text, **(files or {})},
                  errors, **more)]
