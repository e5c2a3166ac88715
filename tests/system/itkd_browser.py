"""A headless Chromium that a test drives. Every name is 127.0.0.1, every wait has an end."""

import contextlib

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from itkd_proc import wait_for

PAGE_SECONDS = 120


class Browser:
    """
    b.go("http://a.test:PORT/"); b.text; b.fill("name", "value"); b.click("css selector");
    b.script("return 1"). driver: selenium's own. All certificates are good.
    """

    def __init__(self, profile):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-proxy-server", "--disable-background-networking", "--disable-sync",
                     "--no-first-run", "--disable-component-update", "--disable-extensions",
                     "--host-resolver-rules=MAP * 127.0.0.1", "--ignore-certificate-errors",
                     "--window-size=1280,1600", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(PAGE_SECONDS)
        self.driver.set_script_timeout(PAGE_SECONDS)

    def go(self, url):
        self.driver.get(url)
        return self

    @property
    def url(self):
        return self.driver.current_url

    @property
    def text(self):
        """In one step, as the page may be another one at the next."""
        return self.script("return document.body ? document.body.innerText : ''")

    def wait(self, condition, what):
        """wait_for() a page, which may be going away under a look at it."""
        def look():
            with contextlib.suppress(WebDriverException):
                return condition()
            return None

        try:
            return wait_for(look, PAGE_SECONDS, what)
        except AssertionError as error:
            raise AssertionError(f"{error} on {self.url}: {self.text[:500]}") from error

    def find(self, css):
        """The first element that the selector finds, waited for."""
        return self.wait(
            lambda: next(iter(self.driver.find_elements(By.CSS_SELECTOR, css)), None), css)

    def fill(self, name, value):
        """At once: a page's own script may take the focus away between two keys."""
        self.script("arguments[0].value = arguments[1];"
                    "for (const type of ['input', 'change'])"
                    "    arguments[0].dispatchEvent(new Event(type, {bubbles: true}));",
                    self.find(f"[name='{name}']"), value)

    def click(self, css):
        """Clicks, and waits for the page that the click leads to."""
        element = self.find(css)
        self.script("window.itkdOldPage = true")
        self.script("arguments[0].click()", element)
        self.wait(lambda: self.script(
            "return !window.itkdOldPage && document.readyState === 'complete'"),
            f"the page behind {css}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait_text(self, wanted):
        self.wait(lambda: wanted in self.text, repr(wanted))

    def quit(self):
        with contextlib.suppress(Exception):
            self.driver.quit()
