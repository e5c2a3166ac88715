"""What the applications need beside the server: a MariaDB, PHP, a copy of the package's files."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from itkd import wait_for
from itkd_site import run


class Database:
    """A MariaDB of the test's own, on a socket; its root is whoever opens that."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.dir.mkdir()
        mysql = pwd.getpwnam("mysql")
        os.chown(self.dir, mysql.pw_uid, mysql.pw_gid)
        os.chmod(self.dir, 0o755)
        self.socket = self.dir / "socket"
        self.log = open(self.dir / "log", "wb")
        run("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={self.dir}/data",
            "--auth-root-authentication-method=normal", "--skip-test-db")
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", "--user=mysql", f"--datadir={self.dir}/data",
             f"--socket={self.socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-buffer-pool-size=32M"], stdout=self.log, stderr=self.log)
        wait_for(self._ready, 180, "MariaDB")

    def _ready(self):
        assert self.process.poll() is None, (self.dir / "log").read_text()
        return self.socket.exists() and subprocess.run(
            ["mariadb-admin", "--no-defaults", f"--socket={self.socket}", "-uroot", "ping"],
            stdout=self.log, stderr=self.log, timeout=60).returncode == 0

    def query(self, text):
        return run("mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", input=text)

    def make(self, name, password):
        """A database and a user of that name."""
        self.query(f"CREATE DATABASE {name}; CREATE USER {name}@localhost IDENTIFIED BY "
                   f"'{password}'; GRANT ALL ON {name}.* TO {name}@localhost;")

    def stop(self):
        self.process.terminate()
        self.process.wait(180)
        self.log.close()


def unpack(package, site):
    """The package's files, with what its links lead to, as the site's own below its docroot."""
    for path in site.docroot.iterdir():
        path.unlink()
    run("cp", "-rL", "--no-target-directory", f"/usr/share/{package}", site.docroot)
    run("chown", "-R", f"{site.user}:{site.group}", site.docroot)
    run("chmod", "-R", "u=rwX,go=", site.docroot)
    site.own(site.docroot, 0o711)


def php_cgi(site):
    """Lines for a vhost: PHP as php-cgi, in the recipe of php-cgi's own documentation."""
    shutil.copy("/usr/lib/cgi-bin/php", site.cgi_bin / "php")
    site.own(site.cgi_bin / "php", 0o700)
    return ["<FilesMatch \\.php$>", "\tSetHandler application/x-httpd-php", "</FilesMatch>",
            "Action application/x-httpd-php /cgi-bin/php", "DirectoryIndex index.php index.html"]


def php_fpm(socket):
    """The same by PHP-FPM, in the words of Debian's php-fpm.conf."""
    return ["<FilesMatch \\.php$>", f'\tSetHandler "proxy:unix:{socket}|fcgi://localhost"',
            "</FilesMatch>", "DirectoryIndex index.php index.html"]
