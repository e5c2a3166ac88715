from compare import Case, File, Get
MAIN = "LimitUIDRange 1 65535\n"
CASES = [
    Case("own", config='<Directory "{root}">\nOptions +Indexes\n</Directory>\n', files={
        "a/.htaccess": "DirectoryIndex .\n", "a/x": "x", "b/.htaccess": "DirectoryIndex ./\n", "b/x": "x",
        "c/.htaccess": "DirectoryIndex /c/\n", "c/x": "x", "d/.htaccess": "DirectoryIndex /d\n", "d/x": "x",
        "e/.htaccess": "DirectoryIndex sub\n", "e/sub/x": "x", "f/.htaccess": "DirectoryIndex sub/\n",
        "f/sub/index.html": "sub\n", "g/.htaccess": "DirectoryIndex ../g/\n", "g/x": "x",
        "h/.htaccess": "DirectoryIndex /h/ index.html\n", "h/index.html": "h",
        "i/.htaccess": "DirectoryIndex . x\n", "i/x": "x", "j/.htaccess": "DirectoryIndex ..\n", "j/x": "x"},
        requests=[Get(f"/{n}/") for n in "abcfghij"]),
    Case("user", config="UserDir public_html\nAlias /u /home\n<Directory /home>\nRequire all granted\n</Directory>\n",
         requests=[Get("/~nobody/"), Get("/~root/"), Get("/~daemon/"), Get("/~bin"), Get("/~nosuch/"), Get("/~"), Get("/~/"), Get("/~www-data/x"), Get("/~mail/"), Get("/~games/x/y")]),
    Case("user2", config='UserDir {root}/*/web\n', files={"nobody/web/x": "x", "daemon/x": "y"},
         requests=[Get("/~nobody/"), Get("/~nobody/x"), Get("/~daemon/"), Get("/~bin/")]),
    Case("r416", config="Header set X x\nHeader always set Y y\n", files={"x.txt": "0123456789", "x.html.en": "ssss"}, ignore=("content-range",),
         requests=[Get("/x.txt", {"Range": "bytes=20-"}), Get("/x.txt", {"Range": "bytes=20-"}, method="HEAD"), Get("/x.txt", {"Range": "bytes=20-"}, version="1.0")]),
]
