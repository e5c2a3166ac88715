"""DokuWiki with its own rewrite rules: installed, edited, uploaded to and searched by a browser."""

import re
import shutil

import pytest

from apps import php_cgi, unpack
from itkd import Config, Site, wait_for
from itkd_site import run

PASSWORD = "a wiki of one's own"
RULES = re.compile(r"^#(Rewrite(?:Engine on|Rule \^[_$i(]|Rule \(|Cond %\{REQUEST_F).*)$", re.M)


def lay_out(site):
    """The package as its authors ship it: Debian has conf and data elsewhere."""
    unpack("dokuwiki", site)
    root = site.docroot
    (root / "inc" / "preload.php").unlink()
    shutil.copytree("/var/lib/dokuwiki/data", root / "data")
    (root / "conf").mkdir()
    for path in ("acronyms.conf", "dokuwiki.php", "entities.conf", "interwiki.conf", "license.php",
                 "manifest.json", "mediameta.php", "mime.conf", "plugins.php",
                 "plugins.required.php", "scheme.conf", "smileys.conf", "wordblock.conf",
                 ".htaccess"):
        shutil.copy(f"/etc/dokuwiki/{path}", root / "conf" / path)
    main = root / "conf" / "dokuwiki.php"
    main.write_text(re.sub(r"(\$conf\['savedir'\]\s*=).*", r"\1 './data';", main.read_text()))
    # The rules that its file has for pretty URLs, with their comment signs taken away.
    rules = RULES.sub(r"\1", (root / ".htaccess.dist").read_text())
    assert "\nRewriteEngine on" in rules and "\nRewriteRule (.*) " in rules, rules
    (root / ".htaccess").write_text(rules)
    run("chown", "-R", f"{site.user}:{site.group}", root)
    run("chmod", "-R", "u=rwX,go=", root)
    site.own(root, 0o711)


class Wiki:
    def __init__(self, site, port):
        self.site, self.base = site, f"http://{site.name}:{port}"

    def install(self, browser):
        browser.go(f"{self.base}/install.php")
        browser.fill("d[title]", "The wiki")
        browser.fill("d[superuser]", "boss")
        browser.fill("d[fullname]", "The Boss")
        browser.fill("d[email]", "boss@a.test")
        browser.fill("d[password]", PASSWORD)
        browser.fill("d[confirm]", PASSWORD)
        browser.click("button[type='submit'][name='submit']")
        browser.wait_text("The configuration was finished successfully")
        with open(self.site.docroot / "conf" / "local.php", "a") as local:
            local.write("\n$conf['userewrite'] = 1;\n")

    def log_in(self, browser):
        browser.go(f"{self.base}/start?do=login")
        browser.fill("u", "boss")
        browser.fill("p", PASSWORD)
        browser.click("#dw__login button[type='submit']")
        browser.wait_text("The Boss")


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls, browser):
    config = Config(module_tmp, tls, Site("main", module_tmp))
    site = Site("a", module_tmp)
    lay_out(site)
    config.vhost(site, f"<Directory {site.docroot}>", "\tAllowOverride All",
                 "\tOptions FollowSymLinks", "</Directory>", *php_cgi(site))
    server = module_start(config)
    wiki = Wiki(site, config.port)
    wiki.install(browser)
    wiki.log_in(browser)
    return server, wiki


def edit(browser, wiki, page, text):
    browser.go(f"{wiki.base}/{page}?do=edit")
    browser.script("document.querySelector('#wiki__text').value = arguments[0]", text)
    browser.click("#edbtn__save")


def test_edit_and_read(world, browser):
    """A page of a namespace under a pretty name, written and read again."""
    server, wiki = world
    edit(browser, wiki, "house:garden", "====== Garden ======\nA quince tree & a hedge.")
    browser.wait_text("A quince tree & a hedge.")
    assert browser.url.startswith(f"{wiki.base}/house:garden")
    answer = server.get("/house:garden", wiki.site)
    assert answer.status == 200 and b"A quince tree &amp; a hedge." in answer.body
    assert (wiki.site.docroot / "data/pages/house/garden.txt").stat().st_uid == wiki.site.uid
    export = server.get("/_export/raw/house:garden", wiki.site)
    assert export.body.strip() == b"====== Garden ======\nA quince tree & a hedge."


def test_search(world, browser):
    _, wiki = world
    edit(browser, wiki, "orchard", "Medlars and a quincunx.")
    # The wiki's own indexer is a picture on the page, which is there before the index is.
    browser.go(f"{wiki.base}/lib/exe/taskrunner.php?id=orchard")
    browser.wait(lambda: "orchard" in browser.go(f"{wiki.base}/start?do=search&q=quincunx").text,
                 "orchard")


def test_upload(world, browser, tmp):
    """A file goes up through the media manager and comes back by its pretty name."""
    server, wiki = world
    text = tmp / "list.pdf"
    text.write_text("%PDF-1.4 spade, rake\n")
    browser.go(f"{wiki.base}/lib/exe/mediamanager.php?ns=&edid=wiki__text")
    browser.find(".qq-upload-button input[type='file']").send_keys(str(text))
    browser.find(".qq-upload-file")
    browser.script("arguments[0].click()", browser.find("#mediamanager__upload_button"))
    stored = wiki.site.docroot / "data" / "media" / "list.pdf"
    wait_for(lambda: stored.exists() and stored.read_text() == text.read_text(), 60,
             f"{stored}: {browser.text}")
    answer = server.get("/_media/list.pdf", wiki.site)
    assert answer.status == 200 and answer.body == b"%PDF-1.4 spade, rake\n"


def test_secrets(world):
    """What its .htaccess files forbid is forbidden: the passwords above all."""
    server, wiki = world
    for path in ("/conf/users.auth.php", "/conf/local.php", "/data/pages/orchard.txt",
                 "/inc/init.php", "/VERSION", "/.htaccess", "/.htaccess.dist"):
        answer = server.get(path, wiki.site)
        assert answer.status == 403, path
    assert server.get("/.git/config", wiki.site).status == 404
