"""Real proxies of this machine, nginx and HAProxy, before an itkd: with a config of their own."""

import concurrent.futures
import http.client
import socket
import subprocess
from pathlib import Path

from itkd import free_port, wait_for, write_file

NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
	access_log off;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	upstream itkd {{ server 127.0.0.1:{backend}; keepalive 16; }}
	server {{
		listen 127.0.0.1:{port};
		location / {{
			proxy_pass http://itkd;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			{lines}
		}}
	}}
}}
"""

HAPROXY = """
global
	maxconn 512
	stats socket {dir}/haproxy.sock
defaults
	mode http
	timeout connect 60s
	timeout client 60s
	timeout server 60s
	http-reuse always
	{lines}
frontend front
	bind 127.0.0.1:{port}
	default_backend itkd
backend itkd
	server itkd 127.0.0.1:{backend} {server}
"""


class Proxy:
    """start() -> stop(). port: where it listens."""

    def __init__(self, directory, name, text, command):
        self.dir = Path(directory)
        self.port = free_port()
        self.file = write_file(self.dir / f"{name}.conf", text.replace("{port}", str(self.port)))
        self.command = [arg.replace("{file}", str(self.file)) for arg in command]
        self.console = self.dir / f"{name}.out"
        self.popen = None

    def start(self):
        with open(self.console, "wb") as out:
            self.popen = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, start_new_session=True)
        wait_for(self._listens, 30, f"{self.command[0]} to listen")
        return self

    def _listens(self):
        assert self.popen.poll() is None, self.console.read_text(errors="replace")
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True

    def stop(self):
        if self.popen and self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(30)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(30)


def _fill(text, **values):
    for name, value in values.items():
        text = text.replace("{%s}" % name, str(value))
    return text.replace("{{", "{").replace("}}", "}")


def nginx(directory, backend, lines=""):
    """One that keeps connections to 127.0.0.1:backend for all of its sites."""
    text = _fill(NGINX, dir=directory, backend=backend, lines=lines)
    return Proxy(directory, "nginx", text, ["/usr/sbin/nginx", "-p", str(directory), "-e",
                                            f"{directory}/nginx-start.log", "-c", "{file}"])


def haproxy(directory, backend, server="", lines=""):
    """The same; server: behind the backend's address, lines: in its defaults."""
    text = _fill(HAPROXY, dir=directory, backend=backend, server=server, lines=lines)
    return Proxy(directory, "haproxy", text, ["/usr/sbin/haproxy", "-db", "-f", "{file}"])


def load(port, hosts, requests, threads=8):
    """The failures of GET and POST for these hosts in turn over kept connections to a proxy."""
    def work(first):
        failures = []
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for i in range(first, requests, threads):
            host = hosts[(i * 7 + i // 3) % len(hosts)]
            post = i % 4 == 0
            try:
                c.request("POST" if post else "GET", "/cgi-bin/env" if post else "/",
                          "x" * 10 if post else None, {"Host": host})
                answer = c.getresponse()
                body = answer.read()
                want = b"SERVER_NAME=%s\n" % host.encode() if post else b"site " + host[:1].encode()
                if answer.status != 200 or want not in body:
                    failures.append((i, host, post, answer.status, body[:80]))
            except (OSError, http.client.HTTPException) as error:
                failures.append((i, host, post, repr(error)))
                c.close()
        c.close()
        return failures

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return [f for failures in pool.map(work, range(threads)) for f in failures]
