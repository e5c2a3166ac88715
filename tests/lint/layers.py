"""Rules of layering: which words may stand in which files. Read by test_lint.py."""

# (what it is, regular expression of a line of code, files that may have it: globs below src/)
ALLOWED = [
    ("OpenSSL", r"#\s*include\s*<openssl/", ["front/*"]),
    ("libevent", r"#\s*include\s*<event2?[/.]", ["front/*"]),
    ("http_parser", r"#\s*include\s*<http_parser\.h>",
     ["common/http_head*.c", "common/http_chunked.c"]),
    ("libcap", r"#\s*include\s*<sys/capability\.h>|\bcap_\w+\s*\(", ["priv/*"]),
    ("libseccomp", r"#\s*include\s*<seccomp\.h>|\bseccomp_\w+\s*\(",
     ["priv/*", "load/load_filter.c", "load/load_limit*.c"]),
    ("systemd", r"#\s*include\s*<systemd/", ["load/*", "main.c"]),
    ("credentials",
     r"\b(set(res|re|fs|e)?[ug]id|setgroups|initgroups|capset|chroot|pivot_root|setns|unshare)"
     r"\s*\(",
     ["priv/*"]),
    ("no_new_privs, seccomp, capability bits",
     r"\bPR_(SET_NO_NEW_PRIVS|SET_SECCOMP|CAPBSET_DROP|CAP_AMBIENT|SET_KEEPCAPS|SET_SECUREBITS)\b",
     ["priv/*"]),
    ("fork", r"\b(v?fork|clone3?|_Fork|posix_spawnp?|daemon)\s*\(",
     ["master/*", "priv/spare.c", "child/child_cgi*.c", "load/*", "main.c"]),
    ("exec", r"\bf?exec(l|le|lp|v|ve|vp|vpe|veat)\s*\(",
     ["master/*", "priv/spare.c", "child/child_cgi*.c", "load/*", "main.c"]),
    ("system", r"\b(system|popen)\s*\(", []),
    # A page of the other process may be one whose reading never ends.
    ("another process's memory", r"\bprocess_vm_(read|write)v\s*\(|\bptrace\s*\(", []),
    # front_static.c defines some of these, so that nobody can call the C library's.
    ("names from NSS (itkd-master is static)",
     r"\b(get(pw|gr)(nam|uid|gid|ent)(_r)?|getgrouplist|getaddrinfo|gethostby\w+|getnameinfo)\s*\(",
     ["load/*", "main.c", "front/front_static.c"]),
    ("dlopen, iconv, locales", r"\b(dlopen|iconv_open|setlocale)\s*\(", ["main.c"]),
    ("functions without bounds", r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(", []),
]

# A directory of src/ includes headers of its own and of include/itkd alone.
PRIVATE_HEADERS = {
    "common": {"common"}, "priv": {"priv"}, "master": {"master"}, "front": {"front"},
    "logger": {"logger"}, "child": {"child"}, "load": {"load"},
}

# System calls whose result says whether it worked: a statement may not begin with one. (void) says
# that failure was thought of; close(2) is fd_close(), which logs it.
CHECKED = (
    "accept4 bind chdir chmod chown close close_range connect dup2 dup3 fchdir fchmod "
    "fchown fcntl flock fork fstat fsync ftruncate getrlimit ioctl kill listen lseek "
    "madvise mkdir mlock mprotect munmap open openat pipe2 poll ppoll prctl pread pwrite "
    "read recv recvmsg rename rmdir send sendfile sendmsg setpgid setpriority setrlimit "
    "setsid setsockopt shutdown sigaction sigprocmask socketpair splice stat unlink "
    "unlinkat waitid waitpid write writev "
).split()
