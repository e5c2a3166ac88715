"""AuthType Digest, for cases/auth.py: fields, nonces, counts, sequences of requests."""

from auth_users import (
    CGI, DIGEST, DVALID, FILES, OTHER, TYPE, VALID, Digest, basic, both, fresh, md5, opaque, place,
    raw)
from compare import Case, Get

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
