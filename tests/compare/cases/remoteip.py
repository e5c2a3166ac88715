"""
The client behind a proxy: RemoteIPHeader and its list, what each part of a server then takes for
the client, and what the directives take. Requests come from 127.0.0.1.
"""

from compare import Case, Get, Raw, Verdict, cgi_env

MODULES = ["remoteip", "ssl"]

NAMES = ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_BY", "E_ADDR", "E_CONN", "E_PORT",
         "E_IPV6", "E_NET", "LOCAL_NET", "H_ADDR", "REMOTE_HOST", "R_PORT",
         "R_ADDR", "R_CONN", "R_REQUEST")
PROGRAM = {"e": cgi_env(*NAMES), "x": "x", "private/x": "x"}
SHOW = """
<Files "e">
	SetHandler cgi-script
	Options +ExecCGI
</Files>
SetEnvIf Remote_Addr "^(.*)$" E_ADDR=$1
SetEnvIfExpr "%{CONN_REMOTE_ADDR} =~ /(.*)/" E_CONN=$1
SetEnvIfExpr "%{REMOTE_ADDR} -ipmatch '1.0.0.0/8'" E_NET
SetEnvIfExpr "-R '127.0.0.0/8'" LOCAL_NET
SetEnvIfExpr "%{REMOTE_PORT} -eq 0" E_PORT
SetEnvIfExpr "%{IPV6} =~ /(.*)/" E_IPV6=$1
CustomLog "{logs}/{name}" "%a %{c}a %h %>s %{remoteip-proxy-ip-list}n %{X-Forwarded-For}i %{X-By}i"
"""
FIELD = "RemoteIPHeader X-Forwarded-For\nRemoteIPProxiesHeader X-By\n"
VALUES = [
    "203.0.113.9", "198.51.100.1, 203.0.113.9", "10.1.2.3", "1.1.1.1, 10.0.0.1",
    "1.1.1.1, 10.0.0.1, 20.0.0.1", "1.1.1.1, 20.0.0.1", "10.5.5.5, 20.0.0.1",
    "1.1.1.1, 20.0.0.1, 20.0.0.2", "1.1.1.1, 20.0.0.1, 20.0.0.2, 10.0.0.1",
    "1.1.1.1, 30.0.0.1", "10.1.1.1, 30.0.0.1, 20.0.0.1",
    "bogus!", "1.1.1.1, bogus!", "bogus!, 1.1.1.1", "1.1.1.1, bogus! , 1.2.3.4", "", "1.1.1.1,",
    "1.1.1.1, ,10.0.0.1", ",1.1.1.1", ",", ", ,", " 1.1.1.1 ", "1.1.1.1\t,2.2.2.2", "1.1.1.1:80",
    "[2001:db8::1]", "[2001:db8::1]:80", "2001:db8::1", "2001:DB8::1", "fe80::1", "::1",
    "::ffff:9.9.9.9", "::ffff:10.9.9.9", "::9.9.9.9", "fc00::1", "4000::1", "\"1.1.1.1\"",
    "1.1.1.1,2.2.2.2", "1.1.1.1 2.2.2.2", "1.1.1.1;", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "172.15.0.1", "172.16.0.1", "172.32.0.1", "192.168.1.1", "169.254.1.1",
    "127.0.0.1", "127.0.0.1, 127.0.0.1", "9.9.9.9, 127.0.0.1, 10.0.0.1", "1.1.1.1/32",
    "1.1.1.256", "1.1.1.1,10.0.0.1,20.0.0.1,10.0.0.1", "1.1.1.1.", "1..1.1",
]
ASKED = [Get("/e", {"X-Forwarded-For": v, "X-By": "mine"}) for v in VALUES] + [
    Get("/e"), Get("/e", [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "10.0.0.1")]),
    Get("/e", {"x-forwarded-FOR": "1.1.1.1"})]
SOME = ASKED[:12] + ASKED[-3:]
FEW = [Get("/e", {"X-Forwarded-For": v}) for v in (
    "1.1.1.1", "10.1.1.1", "10.1.1.1, 20.0.0.1", "1.1.1.1, 30.0.0.1", "1.1.1.1, 127.0.0.1")]

LISTS = {
    "internal": "RemoteIPInternalProxy 127.0.0.0/8 10.0.0.1",
    "trusted": "RemoteIPTrustedProxy 127.0.0.1 20.0.0.0/24",
    "both": "RemoteIPInternalProxy 127.0.0.0/8 10.0.0.1\nRemoteIPTrustedProxy 20.0.0.1 20.0.0.2 30",
    "order": "RemoteIPTrustedProxy 127.0.0.1\nRemoteIPInternalProxy 127.0.0.1 20.0.0.1",
    "other": "RemoteIPInternalProxy 10.0.0.1",
    "mask": "RemoteIPInternalProxy 127.0.0.0/255.0.0.0 20.0 30.0.0.0/8",
    "none": "",
    "file": "RemoteIPInternalProxyList {dir}/internal\nRemoteIPTrustedProxyList {dir}/trusted",
}
FILES = {"{dir}/internal": "# ours\n127.0.0.1 10.0.0.1 # 20.0.0.1\n\n\t\"10.0.0.2\"\n",
         "{dir}/trusted": "20.0.0.0/24"}


def show(name, config, requests, **how):
    return Case(name, files={**PROGRAM, **how.pop("files", {})}, config=SHOW + config,
                requests=requests, logs=(name,), **how)


CASES = [show(f"list-{name}", FIELD + text, ASKED if name in ("both", "none") else SOME,
              files=FILES if name == "file" else {}) for name, text in LISTS.items()]

RULES = {
    "ip": "Require ip 1.0.0.0/8", "not-ip": "<RequireAll>\nRequire all granted\n"
    "Require not ip 1.0.0.0/8\n</RequireAll>", "local": "Require local",
    "expr": "Require expr %{REMOTE_ADDR} == '1.1.1.1'", "expr-r": "Require expr -R '1.1.1.0/24'",
    "conn": "Require expr %{CONN_REMOTE_ADDR} == '127.0.0.1'",
    "compat": "Order deny,allow\nDeny from all\nAllow from 1.1",
    "compat-deny": "Order allow,deny\nAllow from all\nDeny from 10.1.1.1",
}
CASES += [show(f"rule-{name}", FIELD + "RemoteIPInternalProxy 127.0.0.1\n<Directory \"{root}\">\n"
               f"{text}\n</Directory>", FEW + [Get("/e")]) for name, text in RULES.items()]

CASES += [
    show("early", FIELD + "RemoteIPInternalProxy 127.0.0.1\n"
         "RequestHeader set X-Forwarded-For 9.9.9.9 early", FEW + [Get("/e")]),
    show("late", FIELD + "RemoteIPInternalProxy 127.0.0.1\n"
         "RequestHeader set X-By \"expr=%{REMOTE_ADDR}\"", FEW),
    show("rewrite", FIELD + """RemoteIPInternalProxy 127.0.0.1
RewriteEngine On
RewriteCond %{REMOTE_PORT} ^0$
RewriteRule ^ - [E=R_PORT:0]
RewriteRule ^ - [E=R_ADDR:%{REMOTE_ADDR},E=R_CONN:%{CONN_REMOTE_ADDR}]
RewriteCond %{HTTP:X-Forwarded-For} (.+)
RewriteRule ^ - [E=R_REQUEST:%1]""", FEW + [Get("/e")]),
    show("other-field", "RemoteIPHeader X-Real-IP\nRemoteIPInternalProxy 127.0.0.1",
         [Get("/e", {"X-Real-IP": "1.1.1.1", "X-Forwarded-For": "2.2.2.2"}), *FEW]),
    show("no-field", "RemoteIPInternalProxy 127.0.0.1", FEW),
    show("missing", FIELD + "RemoteIPInternalProxy 127.0.0.1\nErrorDocument 404 /e",
         [Get("/none", {"X-Forwarded-For": "1.1.1.1"})]),
    show("errors", FIELD + "LogLevel remoteip:trace1\nRemoteIPInternalProxy 127.0.0.1\n"
         "RemoteIPTrustedProxy 20.0.0.1", [Get("/e", {"X-Forwarded-For": v}) for v in (
             "1.1.1.1", "10.1.1.1, 20.0.0.1", "nonsense!", "1.1.1.1, 20.0.0.1")], errors=(
             r"\[client 1\.1\.1\.1:0\] Using 1\.1\.1\.1 as client's IP by internal proxies",
             r"\[client 1\.1\.1\.1:0\] Using 1\.1\.1\.1 as client's IP by proxies 20\.0\.0\.1",
             r"\[client 127\.0\.0\.1:\d+\] .*AH01569: RemoteIP: Header X-Forwarded-For value of "
             r"10\.1\.1\.1 appears to be a private IP or nonsensical\.  Ignored",
             r"AH01568: RemoteIP: Header X-Forwarded-For value of nonsense! cannot be parsed as a "
             r"client IP")),
    Case("denied-log", files={"x": "x"}, config=FIELD + "RemoteIPInternalProxy 127.0.0.1\n"
         "<Directory \"{root}\">\nRequire ip 2.2.2.2\n</Directory>",
         requests=[Get("/x", {"X-Forwarded-For": "1.1.1.1"})],
         errors=(r"\[client 1\.1\.1\.1:0\] AH01630: client denied",)),
    # PROXY headers are a matter of the address: this topic's port has none of them.
    Case("no-header-wanted", files={"x": "x"}, config="RemoteIPProxyProtocolExceptions 127.0.0.9",
         requests=[Get("/x"), Raw(b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"
                                  b"GET /x HTTP/1.1\r\nHost: no-header-wanted.test\r\n\r\n")],
         body=False, ignore=("content-length",)),
]

VERDICTS = [
    Verdict("RemoteIPHeader", ok=False), Verdict("RemoteIPHeader a b", ok=False),
    Verdict("RemoteIPHeader X-Forwarded-For"), Verdict("RemoteIPHeader X", where="vhost"),
    Verdict("RemoteIPHeader X", where="directory", ok=False),
    Verdict("RemoteIPHeader X", where="location", ok=False),
    Verdict("RemoteIPHeader X", where="htaccess", ok=False),
    Verdict("RemoteIPHeader 'a b'", because="no request has such a field"),
    Verdict("RemoteIPProxiesHeader X-By", where="vhost"),
    Verdict("RemoteIPProxiesHeader", ok=False),
    *[Verdict(f"{name} {words}", ok=ok, message=message)
      for name in ("RemoteIPInternalProxy", "RemoteIPTrustedProxy")
      for words, ok, message in (
          ("", False, ""), ("1.2.3.4", True, ""), ("10.1 10. ::1 2001:db8::/32", True, ""),
          ("10.0.0.0/255.0.0.0", True, ""), ("localhost", True, ""),
          ("1.2.3.999", False, "RemoteIP: Error parsing IP 1.2.3.999"),
          ("1.2.3.4/33", False, "The specified network mask is invalid"),
          ("1.2.3.4/0", False, "The specified network mask is invalid"),
          ("localhost/24", False, "the subnet /24 is invalid for"),
          ("no.such.invalid", False, "Error parsing IP no.such.invalid"))],
    Verdict("RemoteIPInternalProxyList nofile", ok=False, message="Could not open file"),
    Verdict("RemoteIPTrustedProxyList", ok=False),
    Verdict("RemoteIPProxyProtocol On", where="vhost"), Verdict("RemoteIPProxyProtocol Off"),
    Verdict("RemoteIPProxyProtocol On"), Verdict("RemoteIPProxyProtocol Optional", ok=False),
    Verdict("RemoteIPProxyProtocol", ok=False),
    Verdict("RemoteIPProxyProtocol On", where="location", ok=False),
    Verdict("RemoteIPProxyProtocolExceptions", ok=False),
    Verdict("RemoteIPProxyProtocolExceptions 127.0.0.1 10.0.0.0/8 ::1", where="vhost"),
    Verdict("RemoteIPProxyProtocolExceptions a.example", ok=False,
            message="ip address 'a.example' appears to be invalid"),
    Verdict("RemoteIPProxyProtocolExceptions 1.2.3.4/33", ok=False,
            message="appears to be invalid: The specified network mask is invalid."),
]
