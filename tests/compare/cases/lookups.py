"""HostnameLookups: the client's name in logs, programs and rules. Requests come from 127.0.0.1."""

from compare import Case, Get, cgi_env

SHOW = """
<Files "e">
	SetHandler cgi-script
	Options +ExecCGI
</Files>
SetEnvIf Remote_Host "^(.*)$" E_HOST=$1
RewriteEngine On
RewriteRule ^ - [E=R_HOST:%{REMOTE_HOST}]
CustomLog "{logs}/{name}" "%h %a %>s"
<Directory "{root}">
	SetEnvIf Remote_Host "^(.*)$" D_HOST=$1
	SetEnvIfExpr "%{REMOTE_HOST} =~ /(.*)/" X_HOST=$1
	{place}
</Directory>
"""
FILES = {"e": cgi_env("REMOTE_HOST", "REMOTE_ADDR", "E_HOST", "R_HOST", "D_HOST", "X_HOST"),
         "x": "x"}


def case(name, server="", place=""):
    return Case(name, files=FILES, config=server + SHOW.replace("{place}", place), logs=(name,),
                requests=[Get("/e"), Get("/x"), Get("/none")])


CASES = [
    case("off"),
    case("on", "HostnameLookups On"),
    case("double", "HostnameLookups Double"),
    case("directory", place="HostnameLookups On"),
    case("off-directory", "HostnameLookups On", "HostnameLookups Off"),
    case("require", place="Require host localhost"),
    case("denied", "HostnameLookups On", "Require host other.test"),
]
