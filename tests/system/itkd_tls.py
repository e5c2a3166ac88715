"""Sites with TLS, as the tests of it need them: several names, users, kinds of certificates."""

from itkd import Config, Connection, Site, tls_context
from itkd_site import run
from itkd_tools import install, secure


class World:
    """a.test (first, so the default), b.test, and two more vhosts of a's user."""

    def __init__(self, start, directory, tls):
        self.tls = tls
        self.a, self.b = Site("a", directory), Site("b", directory)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
            "/CN=rsa.test", "-keyout", tls.key("rsa.test"), "-out", tls.cert("rsa.test"))
        config = Config(directory, tls, Site("main", directory))
        config.vhost(self.a, tls=True, aliases=["www.a.test", "*.wild.test"])
        config.vhost(self.b, tls=True)
        config.vhost(self.b, "Timeout 1", tls=True, name="slow.test", cert="c.test", access=False)
        config.vhost(self.a, tls=True, name="second.test", cert="c.test", access=False)
        config.vhost(self.a, "SSLProtocol TLSv1.3", tls=True, name="new.test", cert="a.test")
        config.vhost(self.b, tls=True, name="rsa.test")
        chained = tls.cert("rsa.test").with_name("chained.pem")
        chained.write_text(tls.cert("rsa.test").read_text() + tls.ca.read_text())
        config.vhost(self.b, f'SSLCertificateFile "{chained}"',
                     f'SSLCertificateKeyFile "{tls.key("rsa.test")}"', tls=True, name="b.two.test",
                     cert="b.test")
        config.vhost(self.a)
        for name in ("digest", "echo"):
            install(self.a, name)
        self.server = start(config)

    def context(self, minimum=None, maximum=None, verify=True, alpn=None):
        context = tls_context(self.tls.ca if verify else None, minimum, maximum, alpn)
        context.check_hostname = False
        return context

    def connect(self, context, sni, session=None):
        return secure(Connection(self.server.tls_port), context, sni, session)
