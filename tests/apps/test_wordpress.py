"""
Two WordPresses of two users, one by php-cgi and one by PHP-FPM: installed, used and attacked as
their owners and readers do.
"""

import base64

import pytest

from apps import php_cgi, php_fpm, unpack
from itkd import Config, Site, curl
from itkd_php import PhpFpm

CONFIG = """<?php
define('DB_NAME', '{name}');
define('DB_USER', '{name}');
define('DB_PASSWORD', 'secret-of-{name}');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
{keys}
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
KEYS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT",
        "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")
PASSWORD = "correct horse battery staple"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg==")
# What tries to read the other site's secrets, by any way that PHP has.
THIEF = """<?php
header('Content-Type: text/plain');
$file = '{file}';
echo var_export(@file_get_contents($file), true), "\\n";
echo var_export(@include $file, true), "\\n";
echo var_export(shell_exec('cat ' . escapeshellarg($file) . ' 2>&1'), true), "\\n";
echo posix_getuid(), "\\n";
"""


class WordPress:
    def __init__(self, site, database, port):
        self.site, self.port = site, port
        self.base = f"http://{site.name}:{port}"
        name = f"wp_{site.letter}"
        unpack("wordpress", site)
        database.make(name, f"secret-of-{name}")
        keys = "\n".join(f"define('{key}', '{key}-{name}');" for key in KEYS)
        site.file("wp-config.php", CONFIG.format(name=name, socket=database.socket, keys=keys),
                  mode=0o600)

    def install(self, browser):
        browser.go(f"{self.base}/")
        assert browser.url.endswith("/wp-admin/install.php")
        browser.fill("weblog_title", f"Site of {self.site.user}")
        browser.fill("user_name", "boss")
        browser.script("document.querySelector('#pass1').value = arguments[0];"
                       "document.querySelector('#pass2') && "
                       "(document.querySelector('#pass2').value = arguments[0]);", PASSWORD)
        browser.fill("admin_email", f"boss@{self.site.name}")
        browser.click("#submit")
        browser.wait_text("Success!")

    def log_in(self, browser):
        browser.go(f"{self.base}/wp-login.php")
        browser.fill("log", "boss")
        browser.fill("pwd", PASSWORD)
        browser.click("#wp-submit")
        browser.wait_text("Dashboard")


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls, database, browser):
    config = Config(module_tmp, tls, Site("main", module_tmp))
    presses = []
    fpm = PhpFpm(module_tmp / "fpm")
    for letter in "ab":
        site = Site(letter, module_tmp)
        php = php_cgi(site) if letter == "a" else php_fpm(fpm.pool(letter, site.user))
        presses.append(WordPress(site, database, config.port))
        config.vhost(site, f"<Directory {site.docroot}>", "\tAllowOverride All",
                     "\tOptions FollowSymLinks", "</Directory>", *php)
    fpm.start()
    server = module_start(config)
    for press in presses:
        press.install(browser)
        press.log_in(browser)
    yield server, presses
    fpm.close()


@pytest.mark.parametrize("which", [0, 1], ids=["php-cgi", "php-fpm"])
def test_pretty_permalinks(world, browser, which):
    """WordPress writes its own .htaccess, and its rules lead to its posts."""
    server, presses = world
    press = presses[which]
    browser.go(f"{press.base}/wp-admin/options-permalink.php")
    browser.script("document.querySelector('[value=\"/%postname%/\"]').checked = true;"
                   "document.querySelector('#permalink_structure').value = '/%postname%/';")
    browser.click("#submit")
    browser.wait_text("Permalink structure updated.")
    assert "RewriteRule . /index.php [L]" in (press.site.docroot / ".htaccess").read_text()
    browser.go(f"{press.base}/hello-world/")
    browser.wait_text("Welcome to WordPress.")
    assert browser.url == f"{press.base}/hello-world/"
    browser.go(f"{press.base}/")
    browser.click("a[href$='/sample-page/']")
    browser.wait_text("This is an example page.")
    assert "could not be found" in browser.go(f"{press.base}/no-such-post/").text
    assert server.get("/no-such-post/", f"{press.site.name}:{press.port}").status == 404
    # A file that is there is served as it is.
    assert server.get("/wp-includes/css/buttons.css", press.site).header(
        "Content-Type").startswith("text/css")


def test_search(world, browser):
    _, presses = world
    browser.go(f"{presses[0].base}/?s=welcome")
    browser.wait_text("Hello world!")


@pytest.mark.parametrize("which", [0, 1], ids=["php-cgi", "php-fpm"])
def test_upload(world, browser, tmp, which):
    """A picture goes up through the form, and comes back as a file of its own."""
    server, presses = world
    press = presses[which]
    picture = tmp / "round.png"
    picture.write_bytes(PNG)
    browser.go(f"{press.base}/wp-admin/media-new.php?browser-uploader")
    browser.find("input[name='async-upload']").send_keys(str(picture))
    browser.click("#html-upload")
    browser.go(f"{press.base}/wp-admin/upload.php?mode=list")
    browser.wait_text("round.png")
    found = list((press.site.docroot / "wp-content" / "uploads").rglob("round.png"))
    assert len(found) == 1 and found[0].stat().st_uid == press.site.uid
    path = "/" + str(found[0].relative_to(press.site.docroot))
    answer = server.get(path, press.site)
    assert answer.status == 200 and answer.body == PNG
    assert answer.header("Content-Type") == "image/png"


def test_log_out_and_wrong_password(world, browser):
    _, presses = world
    press = presses[1]
    browser.go(f"{press.base}/wp-login.php?action=logout")
    browser.click("a[href*='action=logout']")
    browser.wait_text("You are now logged out.")
    browser.fill("log", "boss")
    browser.fill("pwd", "wrong")
    browser.click("#wp-submit")
    browser.wait_text("The password you entered")
    press.log_in(browser)


def test_no_site_reads_the_other(world):
    """The other's wp-config.php is out of reach for PHP, for a CGI program and for a link."""
    server, presses = world
    for thief, victim in (presses, reversed(presses)):
        target = victim.site.docroot / "wp-config.php"
        thief.site.file("thief.php", THIEF.format(file=target))
        body = server.get("/thief.php", thief.site).text
        assert "secret-of" not in body and body.rstrip().endswith(str(thief.site.uid))
        thief.site.symlink("stolen.txt", target)
        assert server.get("/stolen.txt", thief.site).status == 403
        assert "secret-of" not in server.get("/stolen.txt", thief.site).text


def test_processes_are_the_sites(world):
    """PHP ran as the owner of each site: what it wrote belongs to it alone."""
    _, presses = world
    for press in presses:
        owners = {p.stat().st_uid for p in press.site.docroot.rglob("*") if not p.is_symlink()}
        assert owners == {press.site.uid}


def test_feed_and_rest(world):
    server, presses = world
    press = presses[0]
    feed = curl(server, f"http://{press.site.name}/feed/")
    assert b"<title>Hello world!</title>" in feed.stdout
    answer = server.get("/wp-json/wp/v2/posts", press.site)
    assert answer.status == 200 and b"Hello world!" in answer.body
