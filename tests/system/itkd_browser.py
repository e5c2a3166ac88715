"""A headless Chromium that a test drives. Every name is 127.0.0.1, every wait has an end."""

import contextlib

from selenium import webdriver
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

    def find(self, css):
        """The first element that the selector finds, waited for."""
        return wait_for(lambda: next(iter(self.driver.find_elements(By.CSS_SELECTOR, css)), None),
                        PAGE_SECONDS, f"{css} on {self.url}: {self.text[:500]}")

    def fill(self, name, value):
        element = self.find(f"[name='{name}']")
        element.clear()
        element.send_keys(value)

    def click(self, css):
        """Clicks, and waits for the page that the click leads to."""
        element = self.find(css)
        self.script("window.itkdOldPage = true")
        self.script("arguments[0].click()", element)
        wait_for(lambda: self.script(
            "return !window.itkdOldPage && document.readyState === 'complete'"),
            PAGE_SECONDS, f"the page behind {css} on {self.url}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait_text(self, wanted):
        wait_for(lambda: wanted in self.text, PAGE_SECONDS,
                 f"{wanted!r} on {self.url}: {self.text[:500]}")

    def quit(self):
        with contextlib.suppress(Exception):
            self.driver.quit()
