"""The rules that applications ship in their .htaccess, written anew, and what is asked of them."""

from compare import Case, Get, cgi_env

ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING", "REQUEST_METHOD",
              "SCRIPT_FILENAME", "REDIRECT_URL", "REDIRECT_STATUS", "REDIRECT_QUERY_STRING",
              "HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION", "BASE", "REDIRECT_BASE",
              "HTTP_MOD_REWRITE", "REDIRECT_HTTP_MOD_REWRITE", "front_controller_active",
              "REDIRECT_front_controller_active", "modHeadersAvailable")
CGI = ('<Directory "{root}">\nOptions +ExecCGI +FollowSymLinks\nAddHandler cgi-script .php\n'
       'DirectoryIndex index.php index.html\n</Directory>\n')
AUTH = Get("/api/x?y=1", {"Authorization": "Bearer secret"})
PATHS = ["/", "/about", "/about/", "/a/b/c", "/a/b/c/?page=2&x=%20", "/index.php", "/index.php?x=1",
         "/index.php/about", "/style.css", "/style.css?v=2", "/images/", "/images",
         "/images/none.png",
         "/dir/file.html", "/dir/", "/dir/none", "/caf%c3%a9", "/a%20b", "/a+b", "/a%26b", "/.env",
         "/.git/config", "/x.php", "/none.php", "/%e4", "/a/../b", "//x//y", "/robots.txt"]


def app(name, text, *more, files=None, paths=(), **rest):
    all_files = {"index.php": ENV, "style.css": "css\n", "images/a.png": "png\n",
                 "dir/file.html": "file\n", "x.php": ENV, ".env": "secret\n", ".htaccess": text,
                 ".git/config": "secret\n", **(files or {})}
    requests = [Get(p) for p in [*PATHS, *paths]]
    requests += [AUTH, Get("/form", {"Content-Type": "text/x"}, method="POST", body=b"a=b")]
    return Case(name, config=CGI, files=all_files, requests=requests + list(more), **rest)


CASES = [
    app("wordpress", """
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
""", paths=["/2024/05/a-post/", "/feed/", "/wp-json/wp/v2/posts?per_page=1", "/wp-admin"],
        files={"wp-admin/index.php": ENV}),
    app("wordpress_multisite", """
RewriteEngine On
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteRule ^([_0-9a-zA-Z-]+/)?wp-admin$ $1wp-admin/ [R=301,L]
RewriteCond %{REQUEST_FILENAME} -f [OR]
RewriteCond %{REQUEST_FILENAME} -d
RewriteRule ^ - [L]
RewriteRule ^([_0-9a-zA-Z-]+/)?(wp-(content|admin|includes).*) $2 [L]
RewriteRule ^([_0-9a-zA-Z-]+/)?(.*\\.php)$ $2 [L]
RewriteRule . index.php [L]
""", paths=["/blog/wp-admin", "/blog/wp-admin/", "/blog/x.php", "/wp-admin", "/blog/post"],
        files={"wp-admin/index.php": ENV}),
    app("drupal", """
Options -Indexes
<FilesMatch "\\.(engine|inc|install|module|profile|sh|sql|theme|twig|yml)(~|\\.sw[op])?$|^(\\..*|\
Entries.*|Repository|Root|Tag|Template)$|^#.*#$">
Require all denied
</FilesMatch>
DirectoryIndex index.php index.html
RewriteEngine on
RewriteRule ^ - [E=protossl]
RewriteCond %{HTTPS} on
RewriteRule ^ - [E=protossl:s]
RewriteRule ^ - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteRule "/\\.|^\\.(?!well-known/)" - [F]
RewriteCond %{REQUEST_URI} ^(.*)?/(install\\.php) [OR]
RewriteCond %{REQUEST_URI} ^(.*)?/(rebuild\\.php)
RewriteCond %{REQUEST_URI} !core
RewriteRule ^ %1/core/%2 [L,QSA,R=301]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} !=/favicon.ico
RewriteRule ^ index.php [L]
RewriteCond %{REQUEST_URI} !/core/[^/]*\\.php$
RewriteCond %{REQUEST_URI} !/core/modules/system/tests/https?\\.php
RewriteRule "^(.+/.*|autoload)\\.php($|/)" - [F]
""", paths=["/install.php", "/core/install.php?x=1", "/rebuild.php?a", "/favicon.ico", "/node/1",
            "/a.module", "/sub/y.php", "/.well-known/x", "/autoload.php"],
        files={"core/install.php": ENV, "sub/y.php": ENV, "a.module": "secret"}),
    app("nextcloud", """
<IfModule mod_headers.c>
<IfModule mod_env.c>
Header onsuccess unset X-Content-Type-Options
Header always set X-Content-Type-Options "nosniff"
SetEnv modHeadersAvailable true
</IfModule>
<FilesMatch "\\.(css|js|mjs|svg|gif|png|jpg|webp|ico|wasm|tflite)$">
<If "%{QUERY_STRING} =~ /(^|&)v=/">
Header set Cache-Control "max-age=15778463, immutable"
</If>
<Else>
Header set Cache-Control "max-age=15778463"
</Else>
</FilesMatch>
</IfModule>
<IfModule mod_rewrite.c>
RewriteEngine on
RewriteCond %{HTTP_USER_AGENT} DavClnt
RewriteRule ^$ /remote.php/webdav/ [L,R=302]
RewriteRule .* - [env=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteRule ^\\.well-known/carddav /remote.php/dav/ [R=301,L]
RewriteRule ^\\.well-known/caldav /remote.php/dav/ [R=301,L]
RewriteRule ^remote/(.*) remote.php [QSA,L]
RewriteRule ^(?:build|tests|config|lib|3rdparty|templates)/.* - [R=404,L]
RewriteRule ^\\.well-known/(?!acme-challenge|pki-validation) /index.php [QSA,L]
RewriteRule ^ocm-provider/?$ index.php [QSA,L]
RewriteRule ^(?:\\.(?!well-known)|autotest|occ|issue|indie|db_|console).* - [R=404,L]
RewriteRule ^core/preview.png$ index.php
RewriteCond %{REQUEST_FILENAME} !\\.(css|js|mjs|svg|gif|ico|jpg|jpeg|png|webp|html|otf|ttf|woff2?\
|map|webm|mp4|mp3|ogg|wav|flac|wasm|tflite)$
RewriteCond %{REQUEST_FILENAME} !/core/ajax/update\\.php
RewriteCond %{REQUEST_FILENAME} !/remote\\.php
RewriteCond %{REQUEST_URI} !^/\\.well-known/(acme-challenge|pki-validation)/.*
RewriteRule . index.php [PT,E=PATH_INFO:$1]
RewriteBase /
<IfModule mod_env.c>
SetEnv front_controller_active true
<IfModule mod_dir.c>
DirectorySlash off
</IfModule>
</IfModule>
</IfModule>
AddDefaultCharset utf-8
Options -Indexes
""", Get("/", {"User-Agent": "DavClnt"}), Get("/remote.php/dav/files/u", method="PROPFIND"),
        paths=["/.well-known/carddav", "/.well-known/caldav?x", "/remote/x", "/config/config.php",
               "/ocm-provider", "/ocm-provider/", "/occ", "/core/preview.png?file=x",
               "/remote.php/dav/files", "/apps/files/?dir=/", "/.well-known/webfinger?r=1",
               "/.well-known/acme-challenge/x", "/style.css?v=1", "/login", "/s/AbC/download"],
        files={"remote.php": ENV}, ignore=("allow",)),
    app("joomla", """
RewriteEngine On
RewriteCond %{QUERY_STRING} base64_encode[^(]*\\([^)]*\\) [OR]
RewriteCond %{QUERY_STRING} (<|%3C)([^s]*s)+cript.*(>|%3E) [NC,OR]
RewriteCond %{QUERY_STRING} GLOBALS(=|\\[|\\%[0-9A-Z]{0,2}) [OR]
RewriteCond %{QUERY_STRING} _REQUEST(=|\\[|\\%[0-9A-Z]{0,2})
RewriteRule .* index.php [F]
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_URI} ^/api/
RewriteCond %{REQUEST_URI} !^/api/index\\.php
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule .* api/index.php [L]
RewriteCond %{REQUEST_URI} !^/index\\.php
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule .* index.php [L]
""", paths=["/?x=base64_encode(a)", "/?a=<script>", "/?a=%3CsCript%3e", "/?GLOBALS=1",
            "/?_REQUEST[]=1", "/api/", "/api/v1/x", "/administrator"],
        files={"api/index.php": ENV, "administrator/index.php": ENV}),
    app("typo3", """
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^(.+)\\.(\\d+)\\.(php|js|css|png|jpg|gif|gzip)$ %{ENV:CWD}$1.$3 [L]
RewriteCond $0#%{REQUEST_URI} ([^#]*)#(.*)\\1$
RewriteRule ^.*$ - [E=CWD:%2]
RewriteRule ^(?:fileadmin/|typo3conf/|typo3temp/|uploads/) - [L]
RewriteRule ^typo3$ typo3/index.php [QSA,L]
RewriteRule ^typo3/.*$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_FILENAME} !-l
RewriteRule ^.*$ %{ENV:CWD}index.php [QSA,L]
""", paths=["/style.123.css", "/typo3", "/typo3/", "/fileadmin/none", "/de/page?L=1"],
        files={"typo3/index.php": ENV}),
    app("laravel", """
<IfModule mod_rewrite.c>
<IfModule mod_negotiation.c>
Options -MultiViews -Indexes
</IfModule>
RewriteEngine On
RewriteCond %{HTTP:Authorization} .
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{HTTP:x-xsrf-token} .
RewriteRule .* - [E=HTTP_X_XSRF_TOKEN:%{HTTP:X-XSRF-Token}]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} (.+)/$
RewriteRule ^ %1 [L,R=301]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.php [L]
</IfModule>
""", Get("/x", {"X-XSRF-Token": "t"}), paths=["/users/", "/users/?page=1", "/users/1/edit"]),
    app("symfony", """
DirectoryIndex index.php
<IfModule mod_negotiation.c>
Options -MultiViews
</IfModule>
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteCond %{REQUEST_URI}::$0 ^(/.+)/(.*)::\\2$
RewriteRule .* - [E=BASE:%1]
RewriteCond %{HTTP:Authorization} .+
RewriteRule ^ - [E=HTTP_AUTHORIZATION:%0]
RewriteCond %{ENV:REDIRECT_STATUS} =""
RewriteRule ^index\\.php(?:/(.*)|$) %{ENV:BASE}/$1 [R=301,L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ %{ENV:BASE}/index.php [L]
</IfModule>
<IfModule !mod_rewrite.c>
RedirectMatch 307 ^/$ /index.php/
</IfModule>
""", paths=["/index.php/", "/index.php/a/b?c", "/blog/page/2"]),
    app("magento", """
DirectoryIndex index.php
<IfModule mod_rewrite.c>
Options +FollowSymLinks
RewriteEngine on
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_METHOD} ^TRAC[EK]
RewriteRule .* - [L,R=405]
RewriteCond %{REQUEST_URI} !^/pub/(media|js|css)/
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_FILENAME} !-l
RewriteRule .* index.php [L]
</IfModule>
RedirectMatch 403 /\\.git
<Files composer.json>
Require all denied
</Files>
""", Get("/x", method="TRACK"), paths=["/pub/media/none.png", "/composer.json",
                                          "/catalog/p/1.html"],
        files={"composer.json": "{}", "pub/media/a": "a"}, ignore=("allow",)),
    app("dokuwiki", """
RewriteEngine on
RewriteRule ^_media/(.*) lib/exe/fetch.php?media=$1 [QSA,L]
RewriteRule ^_detail/(.*) lib/exe/detail.php?media=$1 [QSA,L]
RewriteRule ^_export/([^/]+)/(.*) doku.php?do=export_$1&id=$2 [QSA,L]
RewriteRule ^$ doku.php [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule (.*) doku.php?id=$1 [QSA,L]
RewriteRule ^index.php$ doku.php
<Files ~ "^([\\._]ht|README$|VERSION$|COPYING$)">
Require all denied
</Files>
RedirectMatch 404 /\\.git
""", paths=["/_media/wiki:logo.png?w=64", "/_detail/a/b.png", "/_export/pdf/start",
             "/start?do=edit",
            "/wiki:syntax", "/README", "/.htaccess"],
        files={"doku.php": ENV, "lib/exe/fetch.php": ENV, "lib/exe/detail.php": ENV,
               "README": "readme"}),
    app("codeigniter", """
RewriteEngine On
RewriteBase /
RewriteCond %{REQUEST_URI} ^system.*
RewriteRule ^(.*)$ /index.php?/$1 [L]
RewriteCond $1 !^(index\\.php|images|robots\\.txt|style\\.css)
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule ^(.*)$ index.php/$1 [L]
""", paths=["/welcome/index/1", "/system/x"]),
    app("codeigniter_query", """
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule ^(.*)$ index.php?/$1 [L,QSA]
"""),
    app("mediawiki", """
RewriteEngine On
RewriteRule ^/?wiki(/.*)?$ %{DOCUMENT_ROOT}/w/index.php [L]
RewriteRule ^/*$ %{DOCUMENT_ROOT}/w/index.php [L]
RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f
RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-d
RewriteRule ^/?w/images/thumb/[0-9a-f]/[0-9a-f][0-9a-f]/([^/]+)/([0-9]+)px-.*$ %{DOCUMENT_ROOT}/w\
/thumb.php?f=$1&width=$2 [L,QSA,B]
""", paths=["/wiki", "/wiki/Main_Page", "/wiki/A:B?action=edit", "/wiki/C%2B%2B",
            "/w/images/thumb/a/ab/F%20x.png/120px-F.png"],
        files={"w/index.php": ENV, "w/thumb.php": ENV}),
    app("slim", """
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_URI} (.+)/$
RewriteRule ^(.*)/$ /$1 [R=301,L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.php [QSA,L]
"""),
    app("zend", """
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} -s [OR]
RewriteCond %{REQUEST_FILENAME} -l [OR]
RewriteCond %{REQUEST_FILENAME} -d
RewriteRule ^ - [L]
RewriteCond $0::%{REQUEST_URI} ^([^:]*+(?::[^:]*+)*?)::(/.+?)\\1$
RewriteRule .+ - [E=BASE:%2]
RewriteRule .* %{ENV:BASE}/index.php [L]
"""),
    app("cakephp", """
RewriteEngine on
RewriteRule ^(\\.well-known/.*)$ $1 [L]
RewriteRule ^$ webroot/ [L]
RewriteRule (.*) webroot/$1 [L]
""", paths=["/webroot/", "/app.css"],
        files={"webroot/index.php": ENV, "webroot/app.css": "app\n", "webroot/.htaccess":
               "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\n"
               "RewriteRule ^ index.php [L]\n"}),
    app("yii", """
RewriteEngine on
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . index.php
"""),
    app("prestashop", """
<IfModule mod_rewrite.c>
<IfModule mod_env.c>
SetEnv HTTP_MOD_REWRITE On
</IfModule>
RewriteEngine on
RewriteRule . - [E=REWRITEBASE:/]
RewriteRule ^api(?:/(.*))?$ %{ENV:REWRITEBASE}webservice/dispatcher.php?url=$1 [QSA,L]
RewriteRule ^([0-9])(\\-[_a-zA-Z0-9-]*)?(-[0-9]+)?/.+\\.jpg$ %{ENV:REWRITEBASE}img/p/$1/$1$2$3.jp\
g [L]
RewriteRule ^([0-9])([0-9])(\\-[_a-zA-Z0-9-]*)?(-[0-9]+)?/.+\\.jpg$ %{ENV:REWRITEBASE}img/p/$1/$2\
/$1$2$3$4.jpg [L]
RewriteCond %{REQUEST_FILENAME} -s [OR]
RewriteCond %{REQUEST_FILENAME} -l [OR]
RewriteCond %{REQUEST_FILENAME} -d
RewriteRule ^.*$ - [NC,L]
RewriteRule ^.*\\.(gif|jpe?g|png)$ - [R=404,L]
RewriteRule ^.*$ %{ENV:REWRITEBASE}index.php [NC,L]
</IfModule>
""", paths=["/api/products?x=1", "/api", "/1-home/a.jpg", "/12/b.jpg", "/none.gif"],
        files={"webservice/dispatcher.php": ENV, "img/p/1/1-home.jpg": "jpg",
               "img/p/1/2/12.jpg": "jpg"}),
    app("phpbb", """
RewriteEngine on
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule ^(.*)$ app.php [QSA,L]
""", files={"app.php": ENV}),
    app("opencart", """
Options +FollowSymlinks
Options -Indexes
<FilesMatch "(?i)((\\.tpl|\\.ini|\\.log|(?<!robots)\\.txt))">
Require all denied
</FilesMatch>
RewriteEngine On
RewriteBase /
RewriteRule ^sitemap.xml$ index.php?route=extension/feed/google_sitemap [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} !.*\\.(ico|gif|jpg|jpeg|png|js|css)
RewriteRule ^([^?]*) index.php?_route_=$1 [L,QSA]
""", paths=["/sitemap.xml", "/desktops/mac?sort=x", "/error.log", "/a.txt"],
        files={"error.log": "log", "a.txt": "t", "robots.txt": "robots\n"}),
    app("canonical_host", """
RewriteEngine On
RewriteCond %{HTTP_HOST} ^www\\.(.*)$ [NC]
RewriteRule ^(.*)$ http://%1/$1 [R=301,L]
RewriteCond %{HTTP:X-Forwarded-Proto} !https
RewriteCond %{HTTPS} off
RewriteRule ^secure/(.*)$ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L,NE]
RewriteRule ^(.+)/$ /$1 [R=301,L]
RewriteCond %{THE_REQUEST} \\s/+(.+?)\\.html[\\s?] [NC]
RewriteRule ^ /%1 [R=302,L,NE]
RewriteCond %{REQUEST_FILENAME}.html -f
RewriteRule ^(.*?)/?$ $1.html [L]
""", Get("/x", host="www.canonical_host.test"), paths=["/secure/a%20b?c=%20", "/dir/file",
                                                       "/dir/file/", "/dir/file.html?x"],
        aliases=("www.canonical_host.test",)),
    app("maintenance", """
ErrorDocument 503 /down.html
RewriteEngine On
RewriteCond %{REMOTE_ADDR} !^10\\.
RewriteCond %{REQUEST_URI} !^/down\\.html$
RewriteRule ^ - [R=503,L]
Header always set Retry-After "300"
""", files={"down.html": "down\n"}),
    app("bad_bots", """
RewriteEngine On
RewriteCond %{HTTP_USER_AGENT} ^$ [OR]
RewriteCond %{HTTP_USER_AGENT} (bot|crawl|spider) [NC]
RewriteRule . - [F,L]
""", Get("/about", {"User-Agent": "GoodBrowser"}), Get("/style.css", {"User-Agent": "BadBot/1"})),
]
