"""
Forms of lines, sections and arguments that Apache takes or does not take: `itkd -t` gives the same
verdict as the Apache of this machine, and names the same line. Where itkd differs on purpose, the
row says why.
"""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from itkd import ITKD, free_port, write_file

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
LOADED = ["access_compat", "alias", "authz_core", "authz_host", "cgi", "dir", "env", "headers",
          "macro", "mime", "mpm_prefork", "reqtimeout", "setenvif", "socache_shmcb", "ssl"]
MAIN = """\
ServerRoot {dir}
ServerName main.test
PidFile {dir}/pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}
DocumentRoot {dir}
User itkt-main
Group itkt-main
Listen 127.0.0.1:{port}
"""

# Conditions, ends of sections, quotes and continuations.
READING = [
    '<IfModule a b>\n</IfModule>\n',
    '<IfModule>\n</IfModule>\n',
    '<IfModule !>\n</IfModule>\n',
    '<IfModule ! core.c>\nFoo\n</IfModule>\n',
    '<IfModule core.c\n</IfModule>\n',
    '<IfModule core.c> x\nFoo\n</IfModule>\n',
    '<IfModule core.c>>\nFoo1\n</IfModule>\n',
    '<IfModule "core.c">\nFoo1\n</IfModule>\n',
    '<IfModule CORE.C>\nFoo1\n</IfModule>\n',
    '<IfModule core.c>\n</IfModule> x\n',
    '<IfModule core.c>\n</IfModule>>\n',
    '<IfModule nope.c>\n</IfModule>>\n',
    '<IfModule nope.c>\n</IfModule> foo\n',
    '<Directory /x>\n</Directory> foo\n',
    '<Directory /x>\n</ Directory>\n',
    '<Directory /x>\n</Directory\n',
    '<ifmodule core.c>\n</IFMODULE>\n',
    '</Directory>\n',
    '<Directory /x>\n</Files>\n</Directory>\n',
    '<Directory /x>\nOptions None\n',
    '<IfModule nope>\nOptions None\n',
    '<IfModule core.c>\nOptions None\n',
    '<IfVersion >= 2.4>\nFoo1\n</IfVersion>\n',
    '<IfVersion 2.4.71>\nFoo1\n</IfVersion>\n',
    '<IfVersion == 2.4.71>\nFoo1\n</IfVersion>\n',
    '<IfVersion ~ ^2\\.4\\.71$>\nFoo1\n</IfVersion>\n',
    '<IfVersion = /^2.4/>\nFoo1\n</IfVersion>\n',
    '<IfVersion !>= 2.6>\nFoo1\n</IfVersion>\n',
    '<IfVersion < 2.3>\nFoo1\n</IfVersion>\n',
    '<IfVersion >= foo>\n</IfVersion>\n',
    '<IfVersion <> 2>\n</IfVersion>\n',
    '<IfVersion >= "2.4">\nFoo1\n</IfVersion>\n',
    '<IfVersion "2.4.71" >\nFoo1\n</IfVersion>\n',
    '<IfVersion = 2.4>\nFoo1\n</IfVersion>\n',
    '<IfVersion >= 2.4.1.1>\nFoo1\n</IfVersion>\n',
    '<IfVersion ~= 2.4>\nFoo1\n</IfVersion>\n',
    '<IfVersion>\n</IfVersion>\n',
    '<IfVersion >= 2.4\nFoo1\n</IfVersion>\n',
    '<IfVersion ~ ( >\n</IfVersion>\n',
    '<IfVersion = /abc>\n</IfVersion>\n',
    '<IfVersion ! 2.6>\nFoo1\n</IfVersion>\n',
    '<IfVersion != 2.6>\nFoo1\n</IfVersion>\n',
    '<IfVersion >= 2.4 3 4>\n</IfVersion>\n',
    '<IfDirective DocumentRoot>\nFoo1\n</IfDirective>\n',
    '<IfDirective !DocumentRoot>\nFoo1\n</IfDirective>\n',
    '<IfDirective documentroot>\nFoo1\n</IfDirective>\n',
    '<IfDirective WSGIFoo>\nFoo1\n</IfDirective>\n',
    '<IfDirective Directory>\nFoo1\n</IfDirective>\n',
    '<IfDirective <Directory>\nFoo1\n</IfDirective>\n',
    '<IfSection Directory>\nFoo1\n</IfSection>\n',
    '<IfSection DocumentRoot>\nFoo1\n</IfSection>\n',
    '<IfSection !Macro>\nFoo1\n</IfSection>\n',
    '<IfFile /etc/passwd>\nFoo1\n</IfFile>\n',
    '<IfFile x.conf>\nFoo1\n</IfFile>\n',
    '<IfFile "/etc/passwd">\nFoo1\n</IfFile>\n',
    '<IfFile "/etc/pass wd">\nFoo1\n</IfFile>\n',
    '<IfFile /etc>\nFoo1\n</IfFile>\n',
    'Define A\n<IfDefine A>\nFoo1\n</IfDefine>\n',
    'Define A\n<IfDefine a>\nFoo1\n</IfDefine>\n',
    'Define A\n<IfDefine A B>\nFoo1\n</IfDefine>\n',
    'Define A\n<IfDefine "A">\nFoo1\n</IfDefine>\n',
    'Error "some text" x\n',
    '<IfModule nope>\nError x\n</IfModule>\n',
]

# Macros, Include, Define and variables.
MACROS = [
    '<Macro V $a $b>\nFoo$a $b\n</Macro>\nUse V 1 2\n',
    '<Macro V>\n</Macro>\nUse V 1\n',
    '<Macro V $a $b>\n$a $b\n</Macro>\nUse V 1\n',
    'Use V 1\n',
    '<Macro>\n</Macro>\n',
    '<Macro V $a\n</Macro>\n',
    '<Macro V>\nUse V\n</Macro>\nUse V\n',
    '<Macro V>\nUse W\n</Macro>\n<Macro W>\nUse V\n</Macro>\nUse V\n',
    '<Macro V>\n</Macro>\n<Macro v>\nFoo\n</Macro>\nUse V\n',
    '<Macro V $a $a>\n$a\n</Macro>\n',
    '<Macro V $a $ab>\n$a $ab\n</Macro>\nUse V Foo Bar\n',
    '<Macro V a>\nFooa\n</Macro>\nUse V 1\n',
    '<Macro V "">\n</Macro>\nUse V 1\n',
    '<Macro V $a>\nServerAdmin x$a\n</Macro>\nUse V ""\n',
    '<Macro V $a>\n</Macro>\nUse V 1\n',
    '<Macro V>\n<Directory /x>\n</Macro>\nUse V\nOptions None\n</Directory>\n',
    '<Macro V>\n<Directory /x>\n</Files>\n</Directory>\n</Macro>\nUse V\n',
    '<Macro V>\nFoo\n',
    '<Macro V>\n</Macro>\nUndefMacro V\nUse V\n',
    'UndefMacro V\n',
    'UndefMacro\n',
    'Use\n',
    '<VirtualHost *:1>\n<Macro V>\nFoo\n</Macro>\nUse V\n</VirtualHost>\n',
    '<Directory /x>\n<Macro V>\nFoo\n</Macro>\nUse V\n</Directory>\n',
    '<Macro V $n>\n# c\n<Directory /$n>\n\nBar\n</Directory>\n</Macro>\n\nUse V a\n',
    '<Macro V $n>\n<Macro W$n>\nFoo$n\n</Macro>\n</Macro>\nUse V a\nUse Wa\n',
    'Define X 5\n<Macro V ${X}>\nFoo${X}\n</Macro>\nUse V a\n',
    '<Macro V %a @b>\nFoo%a@b\n</Macro>\nUse V a b\n',
    '<Macro V $a>\nInclude $a\n</Macro>\nUse V nofile.conf\n',
    '<Macro V $a>\n<IfModule $a>\nFoo\n</IfModule>\n</Macro>\nUse V core.c\n',
    '<Macro V $a>\n<IfModule $a>\nFoo\n</IfModule>\n</Macro>\nUse V nope\n',
    '<Macro V $a>\nFoo \\\n $a\n</Macro>\nUse V core.c\n',
    '<macro V $a>\nFoo \n</MACRO>\nUse V core.c\n',
    '<Macro V>\n<IfModule core.c>\n</Macro>\nUse V\nFoo\n',
    'MacroIgnoreEmptyArgs\nMacroIgnoreBadNesting\n<Macro V $a>\n<Foo>\n</Macro>\n',
    '<Macro V $a>\nFoo$a\n</Macro>\nUse V 1 2 3\n',
    '<Macro V $a>\nFoo$a\n</Macro>\nUse V "1 2"\n',
    '<Macro V $a>\nFoo$a\n</Macro> x\nUse V "1 2"\n',
    '<Macro V $a>\nFoo$a\n</Macro>x>\nUse V "1 2"\n',
    '<IfModule nope>\n<Macro V $a>\nFoo$a\n</Macro>\n</IfModule>\nUse V 1\n',
    '<Macro V \\\n $a>\nFoo$a\n</Macro>\nUse V 1\n',
    '<Macro V $a>\n<VirtualHost *:{port}>\nServerName $a.test\nDocumentRoot /var/www/html\n'
    '</VirtualHost>\n</Macro>\nUse V a\nUse V b\n',
    'Include x.conf\n',
    'Include nofile\n',
    'IncludeOptional nofile\n',
    'Include no*file\n',
    'Include a b\n',
    'Include\n',
    'IncludeOptional /nonex/*/foo.conf\n',
    'Include /nonex/*/foo.conf\n',
    'IncludeOptional /nonex/foo.conf\n',
    'Include /dev/null\n',
    '<Directory /x>\nInclude nofile\n</Directory>\n',
    'IncludeOptional nofile.con[f]\n',
    'Include [x].conf\n',
    'Define\n',
    'Define a b c\n',
    'Define a:b c\n',
    '<VirtualHost *:1>\nDefine A b\nFoo${A}\n</VirtualHost>\n',
    '<Directory /x>\nDefine A b\nFoo${A}\n</Directory>\n',
    'Define A b\nUnDefine A\nFoo${A}\n',
    '<VirtualHost *:1>\nUnDefine A\n</VirtualHost>\n',
    'UnDefine a:b\n',
    'Define A x\nDefine B ${A}y\nFoo${B}\n',
    'Foo ${a b}\nFoo ${\nFoo $x\n',
    'Define A q\nFoo\\${A}\n',
]

# Servers, addresses, numbers.
SERVER = [
    '<Macro V $n>\n\n\nBar$n\n</Macro>\nUse V a\n',
    '<Macro V $n>\n# x\n# $y\nBar$n\n</Macro>\nUse V a\n',
    '<Macro V $n>\nServerAdmin \\\nx$n\nBar$n\n</Macro>\nUse V a\n',
    '<Macro V $n>\nUse W $n\n</Macro>\n<Macro W $n>\nFoo$n\n</Macro>\nUse V a\n',
    '<Macro V $n>\nFoo @n\n</Macro>\nUse V "a\\"b"\n',
    '<Macro V @n>\nFoo@n\n</Macro>\nUse V "a\\"b c\'d\\\\"\n',
    '<IfModule core.c>\nServerAdmin x\n  </IfModule>  \n',
    'Define X IfModule\n<IfModule core.c>\n</${X}>\n',
    '<IfModule core.c>\n<Directory /x>\n</IfModule>\n</Directory>\n',
    '<VirtualHost *:1>\n<IfModule core.c>\n</VirtualHost>\n',
    '</Foo>\n',
    '<Foo x>\nBar\n</Foo>\n',
    '<Foo x>\n</Foo>\nBar\n',
    '"" x\n',
    '"ServerAdmin" x\n',
    'ServerAdmin "x\n',
    'ServerAdmin> x\n',
    'ServerAdmin x\\',
    '<VirtualHost *:1>\r\nServerName x\r\n</VirtualHost>\r\n',
    'ServerAdmin\x0bx\n',
    '# foo \\\nBar\nServerAdmin x\n',
    'ServerAdmin \\\r\n x\r\n',
    '\\\n',
    'Listen 80 80 80\n',
    'Listen\n',
    'Listen foo\n',
    'Listen 127.0.0.1\n',
    'Listen 0\n',
    'Listen 99999\n',
    'Listen *:8088\n',
    'Listen ::1:8088\n',
    'Listen 8088 foo\n',
    'Listen 8443 https\n',
    'Listen localhost:8088\n',
    'Listen -1\n',
    'Listen 8088 options=freebind\n',
    'KeepAlive 5\n',
    'KeepAlive 0\n',
    'KeepAlive foo\n',
    'KeepAliveTimeout 500ms\nKeepAliveTimeout 1min\nKeepAliveTimeout 2s\n',
    'KeepAliveTimeout -1\n',
    'KeepAliveTimeout foo\n',
    'MaxKeepAliveRequests -1\n',
    'LimitRequestLine -1\n',
    'LimitRequestFieldSize -1\n',
    'LimitRequestBody -1\n',
    'LimitRequestBody foo\n',
    'LimitRequestLine 1000000\n',
    'LimitRequestFieldSize 100000000\n',
    'StartServers 0\n',
    'MinSpareServers 0\n',
    'MaxRequestWorkers 0\n',
    'MaxRequestWorkers -1\n',
    'ServerLimit 0\n',
    'ServerLimit 500000\n',
    'MaxRequestWorkers 1000\n',
    'MaxConnectionsPerChild -5\n',
    'ListenBacklog 0\n',
    'ListenBacklog -1\n',
    'ServerRoot /nonex\n',
    'ServerName\n',
    'ServerName a b\n',
    'ServerName http://x:80\n',
    'ServerName x:foo\n',
    'ServerName "x y"\n',
    'ServerName x:99999\n',
    'ServerName ftp://x\n',
    'ServerName /x\n',
    'ServerName x_y.foo\n',
    'ServerName ""\n',
    'ServerAlias x\n',
    '<VirtualHost *:1>\nServerAlias * x:80 a_b\nServerAlias\n</VirtualHost>\n',
    '<VirtualHost *:1>\nServerPath /x\nServerPath x\n</VirtualHost>\n',
    'NameVirtualHost *:80\nNameVirtualHost foo\n',
    '<VirtualHost>\n</VirtualHost>\n',
    '<VirtualHost nohost.invalid:80>\n</VirtualHost>\n',
    '<VirtualHost _default_>\n</VirtualHost>\n',
    '<VirtualHost *:*>\n</VirtualHost>\n',
    '<VirtualHost 1.2.3.4>\n</VirtualHost>\n',
    '<VirtualHost ::1:80>\n</VirtualHost>\n',
    '<VirtualHost [::1]>\n</VirtualHost>\n',
    '<VirtualHost *:foo>\n</VirtualHost>\n',
    '<VirtualHost *:99999>\n</VirtualHost>\n',
    '<VirtualHost *:80,*:81>\n</VirtualHost>\n',
    '<VirtualHost *:1>\n<VirtualHost *:2>\n</VirtualHost>\n</VirtualHost>\n',
    '<VirtualHost "*:80" *:0>\n</VirtualHost>\n',
    '<VirtualHost 80>\n</VirtualHost>\n',
    '<VirtualHost :80>\n</VirtualHost>\n',
    '<VirtualHost [::1]:80 *:80 [::1]:80>\n</VirtualHost>\n',
    'LoadModule foo\n',
    'DocumentRoot /nonex\n',
    'DocumentRoot /etc/passwd\n',
    'DocumentRoot ""\n',
    'Protocols h2 http/1.1\n',
    'Protocols foo\n',
    'UseCanonicalName foo\n',
    'PidFile ""\n',
    'servername x\n',
]

# {lines: why itkd says something else}. None: itkd takes what Apache refuses.
DIFFER = {
    "Timeout 0\n": "a request would end before it began",
    "Timeout never\n": "not a number",
    "MaxKeepAliveRequests many\n": "not a number",
    "LimitRequestFields many\n": "not a number",
    "StartServers many\n": "not a number",
    "Listen 8089\nListen 127.0.0.1:8089\n": "Apache finds out when it starts",
    "ServerAdmin x\0y\n": "what follows a NUL would be lost",
    "<VirtualHost *:1>\nUser nobody\n</VirtualHost>\n": None,
    "LoadModule foo_module modules/foo.so\n": None,
    "Mutex nonsense\n": None,
    "DefaultRuntimeDir /nonexistent\n": None,
}


class Judges:
    def __init__(self, tmp):
        self.tmp = tmp
        load = [f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in LOADED]
        write_file(tmp / "load.part", "\n".join(
            [*load, f"LoadModule mpm_itk_module {MODULES}/mpm_itk.so"]) + "\n")
        self.main = MAIN.format(dir=tmp, port=free_port())
        self.count = 0

    def verdicts(self, number, text):
        """((Apache's status, line), (itkd's)): the line of the form, 0 where none is named."""
        form = write_file(self.tmp / f"form{number}.conf", text)
        found = []
        for program, first in ((APACHE, "Include load.part\n"), (str(ITKD), "")):
            name = f"{program.rsplit('/', 1)[1]}{number}.conf"
            file = write_file(self.tmp / name, f"{self.main}{first}Include {form.name}\n")
            done = subprocess.run([program, "-t", "-f", file], capture_output=True, text=True,
                                  timeout=300, errors="replace", stdin=subprocess.DEVNULL)
            place = re.findall(rf"line (\d+) of {re.escape(str(form))}", done.stderr)
            found.append((done.returncode, int(place[-1]) if place else 0, done.stderr))
        return found


@pytest.fixture(scope="module")
def judged(module_tmp):
    """{text: (Apache's, itkd's)}, both asked on two processors."""
    judges = Judges(module_tmp)
    write_file(module_tmp / "x.conf", "")
    texts = [*READING, *MACROS, *SERVER, *DIFFER]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(texts, pool.map(judges.verdicts, range(len(texts)), texts)))


@pytest.mark.parametrize("text", [*READING, *MACROS, *SERVER], ids=repr)
def test_same_verdict(judged, text):
    """2, 10: the same status; of an error, the same place."""
    apache, itkd = judged[text]
    assert itkd[0] == apache[0], f"{apache[2]}\n{itkd[2]}"
    places = {int(n) for n in re.findall(r"form\d+\.conf\"?:(\d+): ", itkd[2])}
    # Where a section is not closed, Apache may name its end, itkd its beginning; and the lines of
    # a macro have numbers of their own.
    if apache[1] and not re.search(r"macro '|but saw|was not closed", apache[2] + itkd[2]):
        assert apache[1] in places, f"{apache[2]}\n{itkd[2]}"


@pytest.mark.parametrize("text, why", DIFFER.items(), ids=repr)
def test_differs_on_purpose(judged, text, why):
    """Where the verdicts differ, they differ as it is written here."""
    apache, itkd = judged[text]
    assert (apache[0], itkd[0]) == ((0, 1) if why else (1, 0)), f"{apache[2]}\n{itkd[2]}"
    if not why:
        assert "note:" in itkd[2] or "warning:" in itkd[2] or text.startswith("Default")
