"""
Who somebody is: AuthType Basic and Digest, the files of htpasswd and htdigest, Require user, group
and their like, Satisfy, AuthMerging, with what programs and logs are told.
"""

import base64
import dataclasses
import hashlib
import re

from compare import Case, File, Get, Verdict, ask, cgi_env

MODULES = ["auth_digest", "authz_groupfile", "authz_owner"]
# Apache's default is enough for a dozen clients of all sites together.
MAIN = "AuthDigestShmemSize 100K"

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


ASK = [Get("/x"), basic("sha"), basic("nobody"), basic("bcrypt"), basic("apr1"),
       basic("bcrypt", "wrong")]
SCHEMES = ["bcrypt", "apr1", "sha", "des", "sha256", "sha512", "md5"]
ODD_USERS = ["plain", " spaces ", "spaces", "tab", "twice", "more", "joined", "nohash", "none",
             "star", "star0", "star1", "short", "cost", "unknown", "apr-no", "first", "last", "",
             "# bcrypt", "TAB"]

PASSWORDS = [
    place("schemes", VALID, [basic(u, p) for u in SCHEMES for p in
                             ("secret", "secreT", "", "secretx", "x" * 600)]),
    place("odd", TYPE + "AuthUserFile {dir}/odd\nRequire valid-user",
          [basic(u) for u in ODD_USERS] + [basic(u, "") for u in ODD_USERS]
          + [basic(u, u) for u in ("star", "star0", "star1")]
          + [basic("with space", "pa:ss wörd"), basic("empty", ""), basic("empty", "x")]),
    place("fields", VALID, [
        raw("Basic"), raw("Basic "), raw("Basic :"), raw("Basic !!!"), raw("Basic OnNlY3JldA=="),
        raw("basic YmNyeXB0OnNlY3JldA=="), raw("BASIC   YmNyeXB0OnNlY3JldA=="),
        raw("Basic\tYmNyeXB0OnNlY3JldA=="), raw("Basic \tYmNyeXB0OnNlY3JldA=="),
        raw("Basic YmNyeXB0OnNlY3JldA"), raw("Basic YmNyeXB0OnNlY3JldA==junk"),
        raw("Basic YmNyeXB0OnNlY3JldA==, Basic eDp4"), raw("Basic YmNyeXB0"),
        raw("Basic YmNyeXB0OnNlY3JldABqdW5r"), raw("Bearer YmNyeXB0OnNlY3JldA=="),
        raw("Digest username=\"bcrypt\""), raw(""), raw("YmNyeXB0OnNlY3JldA=="),
        Get("/x", [("Authorization", "Basic YmNyeXB0OnNlY3JldA=="), ("Authorization", "x")]),
        Get("/x", {"Proxy-Authorization": "Basic YmNyeXB0OnNlY3JldA=="}),
        basic("bcrypt", method="HEAD"), basic("bcrypt", method="POST", body=b"a"),
        basic("nobody", method="HEAD"), basic("bcrypt", path="/nothere"),
        basic("nobody", path="/nothere"), Get("/nothere"), basic("bcrypt", path="/sub"),
        basic("bcrypt", path="/sub/"), basic("bcrypt", path="/"), basic("no", path="/"), Get("/")],
        errors=('AH01614: client used wrong authentication scheme: /x',
                'AH01618: user nobody not found: /nothere')),
    place("fail2ban", VALID, [basic("bcrypt", "wrong"), basic("eve")], errors=(
        r'\[auth_basic:error\] .*\[client 127\.0\.0\.1:\d+\] AH01617: user bcrypt: authentication '
        r'failure for "/x": Password Mismatch', r'AH01618: user eve not found: /x')),
    place("name-quoted", 'AuthType Basic\nAuthName "a \\"b\\" c"\n' + FILE + "Require valid-user"),
    place("name-expr", 'AuthType Basic\nAuthName "for %{HTTP_HOST} %{tolower:ABC}"\n' + FILE
          + "Require valid-user"),
    place("type-case", 'AuthType bAsIc\nAuthName R\n' + FILE + "Require valid-user\n" + CGI,
          [*ASK, basic("bcrypt", path="/env.cgi")]),
    place("type-expr", 'AuthType "%{reqenv:KIND}"\nAuthName R\n' + FILE + "Require valid-user",
          [Get("/x", {"Kind": k, **h}) for k in ("Basic", "None", "Digest", "Other", "")
           for h in ({}, dict(basic("sha").headers))], server="SetEnvIf Kind (.+) KIND=$1",
          errors=("AH01796: AuthType Other configured without corresponding module",)),
]

BROKEN = [
    *both("no-name", "AuthType Basic\n" + FILE + "Require valid-user",
          errors=("AH01615: need AuthName: /x",)),
    *both("no-file", TYPE + "Require valid-user",
          errors=("AH01619: AuthUserFile not specified in the configuration",)),
    *both("missing-file", TYPE + "AuthUserFile {dir}/nope\nRequire valid-user",
          errors=(r"\(2\)No such file or directory: .*AH01620: Could not open password file: /",)),
    place("secret-file", VALID, files={"{dir}/pw": File(
        HASHES, mode=0o600, owner="root")}, errors=(
            r"\(13\)Permission denied: .*AH01620: Could not open password file: /",)),
    place("file-directory", TYPE + "AuthUserFile {dir}\nRequire valid-user",
          errors=(r"\(9\)Bad file descriptor: .*AH01620: Could not open password file: /",)),
    *both("no-type", "AuthName R\n" + FILE + "Require valid-user",
          errors=("AH00027: No authentication done but request not allowed without "
                  "authentication for /x. Authentication not configured",)),
    place("no-type-any", "Require user sha\nOrder allow,deny\nDeny from all\nSatisfy Any",
          errors=("AH00028: No authentication done",)),
    *both("type-none", "AuthType None\nAuthName R\n" + FILE + "Require valid-user"),
    *both("type-none-granted", "AuthType None\nRequire all granted"),
    *both("type-unknown", 'AuthType Magic\nAuthName R\nRequire valid-user',
          errors=("AH01796: AuthType Magic configured without corresponding module",)),
    place("no-require", AUTH + "AuthMerging Off", errors=(
        "AH01627: AuthType configured with no corresponding authorization directives",),
        base=False),
    *both("type-granted", AUTH + "Require all granted"),
    *both("type-denied", AUTH + "Require all denied", errors=("AH01630: client denied",)),
    *both("lenient", AUTH + "AuthBasicAuthoritative Off\nRequire valid-user",
          errors=("AH01796: AuthType Basic configured without",)),
    place("lenient-missing", TYPE + "AuthUserFile {dir}/nope\nAuthBasicAuthoritative Off\n"
          "Require valid-user"),
    place("empty-file", VALID, files={"{dir}/pw": ""}),
]

REQUIRE = {
    "user": "Require user sha",
    "users": 'Require user nobody "sha" bcrypt',
    "user-none": "Require user",
    "user-expr": "Require user %{reqenv:WHO} sha",
    "user-case": "Require user SHA",
    "group": "Require group staff",
    "groups": "Require group nope admins",
    "group-case": "Require group ADMINS",
    "group-padded": "Require group padded",
    "group-joined": "Require group joined",
    "group-none": "Require group",
    "group-name": "Require group sha",
    "group-empty": "Require group empty",
    "not-user": "<RequireAll>\nRequire valid-user\nRequire not user sha\n</RequireAll>",
    "not-group": "<RequireAll>\nRequire valid-user\nRequire not group staff\n</RequireAll>",
    "user-and-group": "<RequireAll>\nRequire user sha\nRequire group staff\n</RequireAll>",
    "user-or-ip": "Require ip 10\nRequire user sha",
    "user-or-local": "Require local\nRequire user sha",
    "user-and-ip": "<RequireAll>\nRequire ip 10\nRequire user sha\n</RequireAll>",
    "user-and-local": "<RequireAll>\nRequire local\nRequire user sha\n</RequireAll>",
    "user-and-denied": "<RequireAll>\nRequire valid-user\nRequire all denied\n</RequireAll>",
    "none-user": "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire user sha\n"
                 "</RequireNone>\n</RequireAll>",
    "any-deep": "<RequireAll>\nRequire local\n<RequireAny>\nRequire user sha\nRequire ip 10\n"
                "</RequireAny>\n</RequireAll>",
    "expr-user": "Require expr %{REMOTE_USER} == 'sha'",
    "expr-user-text": "Require expr \"REMOTE_USER\" == 'sha'",
    "expr-user-or": "Require expr %{REMOTE_USER} == 'x' || %{REMOTE_USER} =~ /^s/",
    "expr-type": "Require expr %{AUTH_TYPE} == 'Basic'",
    "expr-and-user": "<RequireAll>\nRequire expr %{REMOTE_USER} != 'sha'\nRequire valid-user\n"
                     "</RequireAll>",
    "owner": "Require file-owner",
    "file-group": "Require file-group",
    "limit-post": "<Limit POST>\nRequire valid-user\n</Limit>",
    "limit-get": "<Limit GET>\nRequire valid-user\n</Limit>",
    "limit-except": "<LimitExcept GET>\nRequire valid-user\n</LimitExcept>",
    "limit-two": "<Limit GET>\nRequire user sha\n</Limit>\n<LimitExcept GET>\nRequire group staff"
                 "\n</LimitExcept>",
    "forbidden": "AuthzSendForbiddenOnFailure On\nRequire user sha",
    "forbidden-group": "AuthzSendForbiddenOnFailure On\nRequire group admins",
    "any-host": "Order deny,allow\nDeny from all\nAllow from env=G\nSatisfy Any\nRequire user sha",
    "any-open": "Order allow,deny\nAllow from all\nSatisfy Any\nRequire valid-user",
    "all-host": "Order deny,allow\nDeny from all\nAllow from env=G\nSatisfy All\nRequire user sha",
    "all-open": "Order allow,deny\nAllow from all\nRequire user sha",
    "any-limited": "Order deny,allow\nDeny from all\nSatisfy Any\n<Limit POST>\nRequire user sha\n"
                   "</Limit>",
}
METHODS = [("POST", None), ("POST", "sha"), ("POST", "bcrypt"), ("OPTIONS", None),
           ("OPTIONS", "sha")]


def rule_requests(name):
    path = f"/{name}/x"
    yield from (Get(path), basic("sha", path=path), basic("bcrypt", path=path),
                Get(path, {"X-Env": "G"}), basic("sha", path=path, headers={"X-Env": "G"}),
                basic("apr1", path=path), basic("nobody", path=path))
    if "group" in name:
        yield from (basic("des", path=path), basic("md5", path=path))
    if "imit" in name:
        yield from (basic(u, path=path, method=m) if u else Get(path, method=m)
                    for m, u in METHODS)


def rules(name, config, files, most=99):
    """All of REQUIRE, a directory each, asked at most so often."""
    return Case(name, files={**FILES, **{f"{rule}/x": "x" for rule in REQUIRE}, **files},
                config=f'{ENV}SetEnvIf X-Env G WHO=bcrypt\nCustomLog {{logs}}/{name}.log '
                f'"%u %s %U"\n{config}', logs=(f"{name}.log",),
                requests=[r for rule in REQUIRE for r in list(rule_requests(rule))[:most]])


RULES = [
    rules("rules", "\n".join(f'<Directory "{{root}}/{name}">\n{AUTH}{text}\n</Directory>'
                             for name, text in REQUIRE.items()), {}),
    rules("rules-ht", "", {f"{name}/.htaccess": AUTH + text for name, text in REQUIRE.items()}, 3),
]

LINES = [
    place("lines", AUTH + "Require user sha\nRequire group padded", ASK, server="LogLevel debug",
          errors=(r"AH01626: authorization result of Require user sha: denied \(no authenticated "
                  r"user yet\)", r"AH01626: authorization result of <RequireAny>: denied \(no auth",
                  r"AH01663: access to /x failed, reason: user 'bcrypt' does not meet",
                  r"AH01666: Authorization of user apr1 to access /x failed, reason: user doesn't "
                  r"appear in group file \(/",
                  r"AH01667: Authorization of user bcrypt to access /x failed, reason: user is not",
                  r'AH01631: user bcrypt: authorization failure for "/x": ',
                  r"AH01626: authorization result of Require user sha: granted")),
    Case("lines-none", files=FILES, requests=[Get("/x")], base=False, config='LogLevel debug\n'
         '<Location "/">\nAuthMerging Off\n</Location>',
         errors=(r"AH01628: authorization result: granted \(no directives\)",)),
    place("group-no-file", TYPE + "AuthUserFile {dir}/pw\nRequire group staff",
          errors=("AH01664: No group file was specified in the configuration",)),
    place("group-missing", TYPE + "AuthUserFile {dir}/pw\nAuthGroupFile {dir}/nope\n"
          "Require group staff", errors=(r"AH01665: Could not open group file: /",)),
    place("expr-denied", AUTH + "Require expr %{REMOTE_USER} == 'sha'",
          errors=("AH01629: authorization failure \\(no authenticated user\\): /x",)),
    place("owner-file", TYPE + "AuthUserFile {dir}/own\nAuthGroupFile {dir}/owngroups\n"
          "Require file-owner", [basic(u, path=p) for u in ("root", "daemon")
                                 for p in ("/x", "/mine", "/nothere", "/sub/")],
          files={"mine": File("mine", owner="root"),
                 "{dir}/own": "root:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
                              "daemon:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"},
          errors=("AH01637: Authorization of user daemon to access /mine failed, reason: file owner"
                  " root does not match", "AH01634: .*could not stat file /")),
    place("group-file", TYPE + "AuthUserFile {dir}/pw\nAuthGroupFile {dir}/owngroups\n"
          "Require file-group", [basic(u, path=p) for u in ("sha", "bcrypt")
                                 for p in ("/x", "/mine", "/nothere")],
          files={"mine": File("mine", owner="root"),
                 "{dir}/owngroups": "root: sha\n"}),
]

MERGING = [
    Case("merge", files={**FILES, "a/.htaccess": "Require user sha", "a/x": "x",
                         "b/.htaccess": "AuthMerging And\nRequire group admins", "b/x": "x",
                         "c/.htaccess": "AuthMerging Or\nRequire user apr1", "c/x": "x",
                         "d/.htaccess": 'AuthName "other"', "d/x": "x",
                         "e/.htaccess": "AuthType None\nRequire all granted", "e/x": "x",
                         "f/.htaccess": "AuthUserFile {dir}/odd", "f/x": "x",
                         "g/.htaccess": "Satisfy Any\nOrder allow,deny\nAllow from all",
                         "g/x": "x", "h/.htaccess": "AuthMerging Or", "h/x": "x",
                         "i/.htaccess": "AuthzSendForbiddenOnFailure On", "i/x": "x",
                         "j/.htaccess": "Require all granted", "j/x": "x"},
         config='<Directory "{root}">\n' + AUTH + "Require group staff\n</Directory>",
         requests=[r for d in "abcdefghij" for r in (
             Get(f"/{d}/x"), *(basic(u, path=f"/{d}/x") for u in
                               ("sha", "bcrypt", "apr1", "tab", "eve")))]),
    Case("sections", files=FILES, config=f"""
<Location "/x">\n{VALID}</Location>
<Directory "{{root}}/sub">\n{AUTH}Require user sha\n</Directory>
<FilesMatch "^y$">\nRequire user bcrypt\n</FilesMatch>
<Location "/open">\nRequire all granted\n</Location>
<Location "/nowhere">\n{VALID}</Location>""",
         requests=[r for p in ("/x", "/sub/y", "/sub/", "/sub", "/open", "/nowhere/z") for r in (
             Get(p), basic("sha", path=p), basic("bcrypt", path=p))]),
    Case("if", files=FILES, config='<Directory "{root}">\n<If "%{HTTP:X-Env} == \'G\'">\n' + VALID
         + "</If>\n</Directory>", requests=[Get("/x"), OTHER, basic("sha", headers={"X-Env": "G"}),
                                            basic("no", headers={"X-Env": "G"})]),
]

INSIDE = [
    # An index file, a list, and error pages: looked for on behalf of a request that was let in.
    place("index", VALID, [Get("/"), basic("sha", path="/"), basic("no", path="/")]),
    place("index-files", 'Require all granted\n<Files "index.html">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), Get("/index.html"), basic("sha", path="/index.html")],
          ignore=("www-authenticate",)),
    # What a candidate asks for that does not answer is not asked for.
    *(place(f"index-next-{i}", f'Require all granted\nDirectoryIndex {names}\n'
            f'<Files "index.html">\n{lines}</Files>',
            [Get("/"), basic("sha", path="/"), basic("no", path="/")])
      for i, (names, lines) in enumerate((
          ("index.html x", VALID), ("index.html x", DVALID), ("none index.html x", VALID),
          ("none x index.html", VALID), ("none index.html", VALID), ("none index.html", DVALID)))),
    # Apache sends a 401 without a challenge here (RFC 9110 section 15.5.2).
    place("index-not-last", 'Require all granted\nDirectoryIndex index.html none\n'
          '<Files "index.html">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("no", path="/")],
          ignore=("www-authenticate",)),
    place("variants", 'Require all granted\nOptions +MultiViews\n<Files "v.html">\n' + VALID
          + '</Files>\n<Files "w.*">\n' + VALID + "</Files>",
          [Get("/v"), basic("sha", path="/v"), Get("/w"), basic("sha", path="/w"), Get("/u")],
          files={"v.html": "html", "v.txt": "txt", "w.html": "html", "w.txt": "t", "u.txt": "u"}),
    place("index-open", VALID + '<Files "index.html">\nAuthType None\n'
          "Require all granted\n</Files>",
          [Get("/"), basic("sha", path="/"), Get("/index.html")]),
    place("list", "Options +Indexes\nDirectoryIndex disabled\nIndexOptions +NameWidth=*\n"
          'IndexIgnore env.cgi\n<Files "x">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("bad", path="/")],
          files={"closed/.htaccess": VALID, "closed/z": "z", "open/z": "z"}),
    place("list-shown", "Options +Indexes\nDirectoryIndex disabled\nIndexOptions ShowForbidden\n"
          'IndexIgnore env.cgi\n<Files "x">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("bad", path="/")],
          files={"closed/.htaccess": VALID, "closed/z": "z", "open/z": "z"}),
    place("list-inside", "Options +Indexes\nDirectoryIndex disabled\nIndexIgnore env.cgi\n" + VALID,
          [Get("/"), basic("sha", path="/")]),
    *both("page-text", VALID + 'ErrorDocument 401 "who are you?"'),
    *both("page", VALID + "ErrorDocument 401 /sorry.html", files={"sorry.html": "sorry"}),
    place("page-open", VALID + 'ErrorDocument 401 /sorry.html\n<Files "sorry.html">\n'
          "Require all granted\n</Files>", files={"sorry.html": "sorry"}),
    place("page-closed", VALID + 'ErrorDocument 401 /sorry.html\n<Files "sorry.html">\n'
          "Require user bcrypt\n</Files>", files={"sorry.html": "sorry"}),
    Case("page-missing", files=FILES, requests=ASK, config='<Directory "{root}">\n' + VALID
         + "ErrorDocument 401 /nothere.html\n</Directory>"),
    place("page-url", VALID + "ErrorDocument 401 http://example.org/"),
    place("page-cgi", VALID + CGI + "ErrorDocument 401 /env.cgi"),
    place("page-cgi-open", VALID + CGI + 'ErrorDocument 401 /env.cgi\n<Files "env.cgi">\n'
          "AuthType None\nRequire all granted\n</Files>"),
    place("page-403", AUTH + "AuthzSendForbiddenOnFailure On\nRequire user sha\n" + CGI
          + "ErrorDocument 403 /env.cgi"),
    place("headers", VALID + 'Header always set X-A a\nHeader set X-B b\n'
          'Header always edit WWW-Authenticate ^Basic Xbasic'),
    place("fallback", VALID + "FallbackResource /index.html",
          [basic("sha", path="/nothere"), Get("/nothere"), basic("no", path="/nothere")]),
]

TOLD = [
    *both("env", VALID + CGI, [basic(u, path="/env.cgi") for u in ("sha", "bcrypt")]),
    *both("env-granted", CGI + AUTH + "Require all granted", [
        basic("sha", path="/env.cgi"), Get("/env.cgi")]),
    *both("env-pass", VALID + CGI + "CGIPassAuth On", [basic("sha", path="/env.cgi")]),
    *both("env-pass-open", CGI + "CGIPassAuth On\nRequire all granted", [
        basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-setenvif", CGI + 'SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1',
          [basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-setenvif-valid", VALID + CGI
          + 'SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1',
          [basic("sha", path="/env.cgi")]),
    *both("env-rewrite", CGI + "RewriteEngine On\n"
          "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]",
          [basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-user", VALID + CGI + "RequestHeader set X-User expr=%{REMOTE_USER}-%{AUTH_TYPE}",
          [basic("sha", path="/env.cgi")]),
    *both("env-header", VALID + "Header set X-User expr=%{REMOTE_USER}-%{AUTH_TYPE}"),
    *both("fake", CGI + "CGIPassAuth On\nAuthBasicFake demo pass", [
        Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    *both("fake-default", CGI + "CGIPassAuth On\nAuthBasicFake demo", [Get("/env.cgi")]),
    *both("fake-off", CGI + "CGIPassAuth On\nAuthBasicFake demo\nAuthBasicFake off",
          [Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    *both("fake-expr", CGI + VALID + "CGIPassAuth On\nAuthBasicFake %{REMOTE_USER} x-%{HTTP_HOST}",
          [basic("sha", path="/env.cgi")]),
    *both("fake-empty", CGI + "CGIPassAuth On\nAuthBasicFake %{reqenv:NOPE} x",
          [Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    place("lookahead", VALID, [Get("/x"), basic("sha"), basic("eve"), basic("sha", path="/sub/y")],
          server="RewriteEngine On\nRewriteCond %{LA-U:REMOTE_USER} ^(s.*)\n"
                 "RewriteRule ^/(x)$ /$1?%1 [E=FOUND:%1]\nHeader always set X-F %{FOUND}e"),
    place("log", VALID, [basic("sha"), basic("a b"), basic('q"uote'), basic("tab\there"),
                         basic(""), Get("/x"), basic("ä")], server="", errors=()),
]

COUNTED = {"nc": "AuthDigestNcCheck On", "once": "AuthDigestNonceLifetime 0",
           "nc-once": "AuthDigestNcCheck On\nAuthDigestNonceLifetime 0",
           "nc-short": "AuthDigestNcCheck On\nAuthDigestNonceLifetime 20"}
NEXT = {"nonce": fresh}
NC2, NC3 = {"nc": "00000002"}, {"nc": "00000003"}
NEW = {"nonce": fresh, "opaque": opaque}
WRONG = {"password": "wrong"}
SEQUENCES = [dict(fields=f, before=b) for f, b in (
    ({}, ()), ({}, [{}]), (NC2, ()), (NC2, [{}]), (NC3, [{}]), (NC3, [{}, NC2]), (NEXT, [{}]),
    ({**NC2, **NEXT}, [{}]), (NEXT, [{}, NEXT]), (NEW, [{}, {}]), ({**NC2, **NEW}, [{}, {}]),
    (NC2, [WRONG]), (NEW, [WRONG]), (WRONG, ()), (WRONG, [{}]), ({"nc": "x"}, ()),
    ({"nc": "1x"}, ()), ({"nc": "1"}, ()), ({"nc": "0"}, ()), ({"nc": "-1"}, ()), ({"nc": ""}, ()),
    ({"nc": "1 x"}, ()), ({"nc": "0x1"}, ()), ({"nc": "00000000000000000001"}, ()),
    ({"opaque": None}, ()), ({"opaque": "0"}, ()), ({"opaque": "zz"}, ()), ({"opaque": ""}, ()),
    ({"opaque": "7fffffff"}, ()), ({"opaque": "ffffffffffffffffff"}, ()), ({"realm": "X"}, ()),
    ({"uri": "/other"}, ()), (NC2, [{"uri": "/other"}]), ({"qop": None}, ()),
    (NC2, [{"qop": None}]), ({"nonce": "x"}, ()), (NC2, [{"nonce": "x"}]),
    ({"username": "bob"}, ()), ({"username": None}, ()), (NC2, [{"username": None}]),
    ({"realm": None}, ()),
    ({"algorithm": "SHA-256"}, ()), (NC2, [{"algorithm": "SHA-256"}]), ({"cnonce": None}, ()))]

URIS = ["/other", "/x?a", "http://digest-uri.test/x", "/%78", "/x#f", "*", "", "x", "//x"]
DIGESTED = [
    *both("digest", DVALID, [
        Get("/x"), Digest("/x"), Digest("/x", password="wrong"), Digest("/x", user="nobody"),
        Digest("/x", user="bob", password="other"), Digest("/x", user="short"),
        Digest("/x", user="upper"), basic("alice"), raw("Digest"), raw("Digest x"),
        Digest("/x", method="HEAD"), Digest("/x", method="POST"), Digest("/"), Digest("/sub"),
        Digest("/nothere"), Digest("/x?q=1"), Digest("/x", realm="S T"), Digest("/x?a=b%20c")]),
    place("digest-fields", DVALID, [Digest("/x", fields=f) for f in (
        {"qop": None}, {"qop": "auth-int"}, {"qop": "AUTH"}, {"qop": ""}, {"algorithm": None},
        {"algorithm": "md5"}, {"algorithm": "SHA-256"}, {"algorithm": "MD5-sess"},
        {"realm": "X"}, {"realm": None}, {"username": None}, {"username": "bob"}, {"uri": "-"},
        {"response": "-"}, {"response": "0" * 32}, {"response": ""},
        {"response": "0" * 31}, {"response": "0" * 33}, {"nonce": "x"},
        {"nonce": "J6xbt9hgBgA=0034fb920ebfb19bb74bb0912659f0ec3016dfcf"},
        {"nonce": "J6xbt9hgBgAx0034fb920ebfb19bb74bb0912659f0ec3016dfcf"}, {"nonce": "-"},
        {"nc": "-"}, {"nc": "5"}, {"nc": "x"}, {"cnonce": "-"}, {"cnonce": 'a"b\\c'},
        {"cnonce": ""}, {"opaque": "0"}, {"opaque": "zz"}, {"extra": "x"})],
          errors=("AH01788: realm mismatch - got `X' but expected `R'",
                  "AH01782: missing user, realm, nonce, uri, digest, cnonce, or nonce_count in",
                  "AH01789: unknown algorithm `SHA-256' received: /x",
                  "AH10560: invalid or missing qop value 'auth-int', RFC 2069 is no longer",
                  "AH01776: invalid nonce J6xbt9hgBgA=0034fb920ebfb19bb74bb0912659f0ec3016dfcf rec",
                  "AH01787: received invalid opaque - got `0'",
                  "AH01794: user alice: password mismatch: /x")),
    place("digest-uri", DVALID, [Digest("/x", fields={"uri": u}) for u in URIS] + [
        Digest("/x?a=1", fields={"uri": u}) for u in ("/x", "/x?a=1", "/x?a=%31", "/x?b")] + [
        Digest("/x", fields={"uri": "http://digest-uri.test:80/x"}, host="digest-uri.test")]
        + [Digest("/x", fields={"uri": u}, host="digest-uri.test")
           for u in ("http://digest-uri.test/x", "http://other.test/x")],
        errors=("AH01786: uri mismatch - </other> does not match request-uri </x>",)),
    place("digest-hack", DVALID + 'SetEnvIf User-Agent MSIE AuthDigestEnableQueryStringHack=On',
          [Digest("/x?a=1", {"User-Agent": u}, fields={"uri": p}) for u in ("MSIE", "x")
           for p in ("/x", "/x?a=1", "/x?b")]),
    place("digest-lines", DVALID, [Digest("/x", password="wrong"), Digest("/x", user="eve"),
                                   basic("alice")], errors=(
        "AH01794: user alice: password mismatch: /x",
        "AH01790: user `eve' in realm `R' not found: /x",
        "AH01781: client used wrong authentication scheme `Basic': /x")),
    place("digest-basic-field", VALID, [raw('Digest username="sha"')]),
    place("digest-same", DVALID, [Digest("/x", {"If-None-Match": "*"}),
                                  Digest("/x", {"Range": "bytes=0-0"}),
                                  Digest("/x", {"If-Match": '"no"'})]),
    *both("digest-domain", DVALID + "AuthDigestDomain /x http://other/\nAuthDigestDomain /more",
          [Get("/x"), Digest("/x")]),
    *both("digest-lifetime", DVALID + "AuthDigestNonceLifetime 20", [Get("/x"), Digest("/x")]),
    *both("digest-forever", DVALID + "AuthDigestNonceLifetime -1", [Get("/x"), Digest("/x")]),
    place("digest-queries", DVALID, [Digest(f"/x?{q}") for q in (
        "", "a=%22b%22", 'a="b"', "a='b'", "a=b\\c", "a=%5Cc", "a=,b", "a;b", "?", "a=%C3%A4",
        "a=b+c", "&&", "%", "%zz", "a=<b>")]
          + [Digest("/x?a=%22b%22", fields={"uri": u}) for u in ('/x?a="b"', "/x?a=%22b%22")]
          + [raw(f'Digest username="alice", uri="/x?a="b"", realm={r}', '/x?a="b"')
             for r in ("R", '"R"', '"R')]),
    place("digest-any-host", DIGEST + "Order deny,allow\nDeny from all\nAllow from env=G\n"
          "Satisfy Any\nRequire user alice", [
              Get("/x"), OTHER, Digest("/x"), Digest("/x", user="bob", password="other"),
              Digest("/x", OTHER.headers, password="no"), Digest("/x", OTHER.headers)]),
    place("digest-all-host", DIGEST + "Order deny,allow\nDeny from all\nAllow from env=G\n"
          "Satisfy All\nRequire user alice", [Get("/x"), OTHER, Digest("/x"), Digest(
              "/x", OTHER.headers), Digest("/x", OTHER.headers, password="no")]),
    Case("digest-merge", files={**FILES, **{f"{d}/x": "x" for d in "abcdef"},
                                "a/.htaccess": "Require user bob",
                                "b/.htaccess": "AuthMerging And\nRequire user bob",
                                "c/.htaccess": "AuthMerging Or\nRequire user bob",
                                "d/.htaccess": "AuthType None\nRequire all granted",
                                "e/.htaccess": "AuthDigestDomain /e/ /f/\nAuthMerging Or",
                                "f/.htaccess": "Satisfy Any\nOrder allow,deny\nAllow from all"},
         config='<Directory "{root}">\n' + DIGEST + "Require user alice\nAuthDigestDomain /\n"
         "</Directory>", requests=[r for d in "abcdef" for r in (
             Get(f"/{d}/x"), Digest(f"/{d}/x"), Digest(f"/{d}/x", user="bob", password="other"),
             Digest(f"/{d}/x", user="eve"))]),
    place("digest-info", DVALID + CGI + "ErrorDocument 404 /env.cgi\nRedirect 302 /moved /x\n"
          'ErrorDocument 403 "no"\n<Files "y">\nRequire all denied\n</Files>',
          [Digest(p) for p in ("/nothere", "/moved", "/sub/y", "/env.cgi", "/index.html", "/")]
          + [Digest("/x", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
             Digest("/x", method="OPTIONS"), Digest("/x", method="PUT")]),
    *both("digest-domain-odd", DVALID + 'AuthDigestDomain "/a b" "/c\\"d" http://x/%20y',
          [Get("/x"), Digest("/x")]),
    *(place(f"digest-{name}", DVALID + text, [Digest("/x", **how) for how in SEQUENCES]
            + [Digest("/nothere", **how) for how in SEQUENCES[:9]]
            + [Digest("/x", method="HEAD"), Digest("/x?a=1"), Digest("/"), Digest("/sub")])
      for name, text in COUNTED.items()),
    *(place(f"digest-{name}-ht", "", [Digest("/x", **how) for how in SEQUENCES[:7]],
            {".htaccess": DVALID + text}) for name, text in COUNTED.items()),
    place("digest-nc-wrong", DVALID + "AuthDigestNcCheck On",
          [Digest("/x", **SEQUENCES[1]), Digest("/x", fields={"nc": "x"})], errors=(
              "AH01774: Warning, possible replay attack: nonce-count check failed: 1 is not above "
              "1 for nonce ", "AH01773: invalid nc x received - not a number")),
    place("digest-once-used", DVALID + "AuthDigestNonceLifetime 0", [Digest("/x", **SEQUENCES[1])],
          errors=("AH01779: user alice: one-time-nonce .* already used - sending new nonce",)),
    # A nonce of a place where none are counted. What is looked up on a request's behalf is not
    # here: Apache counts it, too, and so refuses each request with %{LA-U:REMOTE_USER} and the
    # index files that are asked for once more.
    place("digest-uncounted", DVALID + '<Files "y">\nAuthDigestNcCheck On\n</Files>',
          [Digest("/sub/y", first="/x"), Digest("/sub/y")],
          errors=("AH10618: client 0 is no longer known - sending new nonce",)),
    place("digest-once-require", DIGEST + "AuthDigestNonceLifetime 0\nRequire user bob",
          [Digest("/x"), Digest("/x", before=[{}], fields=NEXT)]),
    *both("digest-more", DVALID + "AuthDigestQop auth\nAuthDigestAlgorithm md5\n"
          "AuthDigestProvider file", [Get("/x"), Digest("/x")]),
    place("digest-realm", 'AuthType Digest\nAuthName "S T"\nAuthUserFile {dir}/dg\n'
          "Require valid-user", [Get("/x"), Digest("/x", realm="S T"), Digest("/x")]),
    place("digest-quoted", 'AuthType Digest\nAuthName "a \\"b\\" \\\\c"\n'
          "AuthUserFile {dir}/quoted\nRequire valid-user",
          [Get("/x"), Digest("/x", realm='a "b" \\c'),
                                 Digest("/x", realm='a \\"b\\" \\c')],
          files={"{dir}/quoted": "".join("alice:" + r + ":" + md5("alice", r, "secret") + "\n"
                                         for r in ('a "b" \\c', 'a \\"b\\" \\c'))}),
    place("digest-no-name", "AuthType Digest\nAuthUserFile {dir}/dg\nRequire valid-user",
          [Get("/x")], errors=("AH01780: need AuthName: /x",)),
    place("digest-no-file", "AuthType Digest\nAuthName R\nRequire valid-user",
          [Get("/x"), Digest("/x")], errors=("AH01621: AuthUserFile not specified in",)),
    place("digest-missing", "AuthType Digest\nAuthName R\nAuthUserFile {dir}/nope\n"
          "Require valid-user", [Get("/x"), Digest("/x")],
          errors=(r"\(2\)No such file or directory: .*AH01622: Could not open password file: /",)),
    place("digest-require", DIGEST + "Require user bob", [Digest("/x"), Digest(
        "/x", user="bob", password="other")], errors=(
            'AH01631: user alice: authorization failure for "/x": ',)),
    place("digest-env", DVALID + CGI, [Digest("/env.cgi")]),
    place("digest-page", DVALID + "ErrorDocument 401 /sorry.html", [Get("/x"), Digest("/x"),
          Digest("/x", password="no")], files={"sorry.html": "sorry"}),
    place("digest-page-closed", DVALID + 'ErrorDocument 401 /sorry.html\n<Files "sorry.html">\n'
          "Require user bob\n</Files>", [Get("/x")], files={"sorry.html": "sorry"}),
    Case("digest-over", files={**FILES, "a/x": "x", "a/.htaccess": "AuthDigestNonceLifetime 20",
                               "b/x": "x", "b/.htaccess": "AuthName S",
                               "c/x": "x", "c/.htaccess": "AuthType Basic"},
         config='<Directory "{root}">\n' + DVALID + "AuthDigestDomain /dom\n</Directory>",
         requests=[r for d in "abc" for r in (Get(f"/{d}/x"), Digest(f"/{d}/x"))]),
    *both("basic-digest", TYPE + "AuthUserFile {dir}/dg\nAuthBasicUseDigestAlgorithm MD5\n"
          "Require valid-user", [basic("alice"), basic("alice", "x"), basic("bob", "other"),
                                 basic("eve"), basic("short"), basic("upper")]),
    place("basic-digest-off", TYPE + "AuthUserFile {dir}/pw\nAuthBasicUseDigestAlgorithm off\n"
          "Require valid-user"),
]

CASES = PASSWORDS + BROKEN + RULES + LINES + MERGING + INSIDE + TOLD + DIGESTED
VERDICTS = [
    *(Verdict(text, where="directory", ok=False, message=message) for text, message in (
        ("AuthBasicProvider ldap", "Unknown Authn provider: ldap"),
        ("AuthBasicProvider file dbm", "Unknown Authn provider: dbm"),
        ("AuthBasicProvider File", "Unknown Authn provider: File"),
        ("AuthDigestProvider anon", "Unknown Authn provider: anon"),
        ("AuthDigestQop none", "AuthDigestQop is deprecated"),
        ("AuthDigestQop none auth", "AuthDigestQop is deprecated"),
        ("AuthDigestDomain", "AuthDigestDomain"), ("AuthDigestNcCheck maybe", "must be On or Off"),
        ("AuthDigestNonceLifetime", "AuthDigestNonceLifetime"),
        ("AuthDigestQop auth-int", "AuthDigestQop is deprecated"),
        ("AuthDigestAlgorithm MD5-sess", "Unsupported algorithm in AuthDigestAlgorithm: MD5-sess"),
        ("AuthDigestNonceLifetime 5x", "Invalid time in AuthDigestNonceLifetime: 5x"),
        ("AuthDigestNonceLifetime x", "Invalid time in AuthDigestNonceLifetime: x"),
        ("AuthBasicUseDigestAlgorithm SHA", "Invalid algorithm in AuthBasicUseDigestAlgorithm"),
        ("AuthBasicFake %{NOPE}", "Could not parse fake username expression '%{NOPE}'"),
        ("AuthBasicFake a %{NOPE}", "Could not parse fake password expression associated to user"),
        ("AuthName %{NOPE}", "Cannot parse expression '%{NOPE}' in AuthName: Variable 'NOPE'"),
        ("AuthType %{NOPE}", "Cannot parse expression '%{NOPE}' in AuthType: Variable 'NOPE'"),
        ("Require user %{NOPE}", "Cannot parse expression in require line: Variable 'NOPE'"),
        ("Require not valid-user", "negative Require directive has no effect in <RequireAny>"),
        ("AuthType", "takes one argument"), ('AuthName ""', "takes one argument"),
        ("AuthName a b", "takes one argument"),
        ("AuthUserFile", "takes one argument"), ("AuthGroupFile a b", "takes one argument"),
        ("AuthBasicAuthoritative maybe", "must be On or Off"),
        ("AuthzSendForbiddenOnFailure maybe", "must be On or Off"),
        ("AuthDigestShmemSize 1K", "not allowed in"),
        ("AuthDigestNonceFormat x", "Invalid command 'AuthDigestNonceFormat'"),
    )),
    *(Verdict(text, where=where) for where in ("directory", "htaccess") for text in (
        "AuthType Basic", "AuthName \"a b\"", "AuthUserFile x", "AuthGroupFile /x/y",
        "AuthBasicProvider file file", "AuthBasicFake a b", "AuthDigestDomain / /x",
        "AuthDigestNcCheck Off", "AuthDigestNcCheck On", "AuthDigestNonceLifetime 0",
        "AuthDigestNonceLifetime -5", "AuthDigestQop auth AUTH")),
    *(Verdict(f"Require {text}", where="directory") for text in (
        "valid-user x", "file-owner x", "user", "group", "group x y", "file-group")),
    *(Verdict(text, where="htaccess", override="AuthConfig") for text in (
        "AuthType None", "AuthUserFile x", "Require all granted", "AuthzSendForbiddenOnFailure On",
        "Satisfy Any", "AuthMerging Or\nRequire all granted")),
    *(Verdict(f"<IfModule mod_{m}.c>\nNonsense\n</IfModule>", ok=False, message="Invalid command")
      for m in ("auth_basic", "auth_digest", "authn_core", "authn_file", "authz_user",
                "authz_groupfile", "authz_owner", "authz_core")),
    *(Verdict(f"<IfModule mod_{m}.c>\nNonsense\n</IfModule>") for m in (
        "authn_dbm", "authn_anon", "authn_socache", "authnz_ldap", "auth_form", "authz_dbm")),
    *(Verdict(text, where="htaccess", override=override, ok=False, message="not allowed here")
      for override in ("None", "FileInfo Limit") if override != "None"
      for text in ("AuthType Basic", "AuthUserFile x", "Require valid-user", "AuthDigestQop auth",
                   "AuthzSendForbiddenOnFailure On", "AuthBasicFake x")),
    *(Verdict(text, where=where, ok=False, message="not allowed")
      for where in ("server", "vhost") for text in ("AuthType Basic", "AuthUserFile x")),
    Verdict("AuthDigestShmemSize 10K"),
    *(Verdict(f"AuthDigestShmemSize {size}", ok=ok, message="" if ok else message)
      for size, ok, message in (
          ("1000", True, ""), ("1M", True, ""), ("200b", True, ""), ("2 k", False, "one argument"),
          ("10", False, "size in AuthDigestShmemSize too small: 10 < "),
          ("-1K", False, "size in AuthDigestShmemSize too small: -1024 < "),
          ("1G", False, "Invalid size in AuthDigestShmemSize: 1G"),
          ("x", False, "Invalid size in AuthDigestShmemSize: x"))),
]
