"""WordPress: Debian's package, unpacked into the cache, with PHP's own web server and a MariaDB
that listens on a socket in its folder. No service of the machine is installed or touched."""

from __future__ import annotations

import base64
import getpass
import html
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from engage.enums import ConnectorKind
from tests.peers.peer import CACHE
from tests.stack import free_port, wait_until

PACKAGES = (
    "php-cli php-mysql php-xml php-curl php-mbstring php-gd php-getid3 "
    "mariadb-server-core mariadb-client-core"
)
PROGRAMS = ("php", "mariadbd", "mariadb-install-db", "mariadb")
HERE = CACHE / "wordpress"
ROOT = HERE / "tree/usr/share/wordpress"

# Everything that differs from run to run comes from the environment.
CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WP_SOCKET'));
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', getenv('WP_URL')); define('WP_SITEURL', getenv('WP_URL'));
define('WP_CONTENT_DIR', getenv('WP_CONTENT'));
define('WP_ENVIRONMENT_TYPE', 'local');  // application passwords without TLS
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', 'tests only ' . $name); define($name . '_SALT', 'tests only ' . $name);
}
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
"""

SEED = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('ABSPATH', getenv('WP_ROOT') . '/');
require ABSPATH . 'wp-config.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Community', 'admin', 'admin@example.test', true, '', 'not-used');
update_option('permalink_structure', '/%postname%/');
update_option('timezone_string', 'America/New_York');
update_option('comment_registration', 1); update_option('comment_previously_approved', 0);
update_option('comment_moderation', 0); update_option('thread_comments', 1);
$capabilities = ['read' => true, 'moderate_comments' => true, 'edit_posts' => true];
add_role('community_replies', 'Community replies', $capabilities);
$people = ['admin' => 'administrator', 'expert' => 'community_replies', 'writer' => 'author',
           'patient' => 'subscriber', 'heather' => 'subscriber'];
$made = ['version' => $GLOBALS['wp_version']];
foreach ($people as $name => $role) {
    $id = username_exists($name)
        ?: wp_create_user($name, wp_generate_password(), "$name@example.test");
    (new WP_User($id))->set_role($role);
    [$password] = WP_Application_Passwords::create_new_application_password(
        $id, ['name' => 'tests']);
    $made[$name] = ['id' => $id, 'password' => $password];
}
echo "\\n" . json_encode($made);
"""

# Pretty permalinks, and the Authorization header as PHP's own server passes it on.
ROUTER = """<?php
$_SERVER['SCRIPT_NAME'] = '/index.php'; $_SERVER['PHP_SELF'] = '/index.php';
chdir(getenv('WP_ROOT')); require 'index.php';
"""


class WordPress:
    """A thread is a post of the site; what people say there are comments."""

    name = "wordpress"
    kind = ConnectorKind.WORDPRESS
    sends = b"POST /wp-json/wp/v2/comments"
    locks = True

    def __init__(self) -> None:
        self.version, self.port = "", 0
        self.settings: dict[str, Any] = {}
        self._people: dict[str, Any] = {}
        self._environment: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def missing(self) -> str:
        """PHP, MariaDB or WordPress itself."""
        absent = [name for name in PROGRAMS if not shutil.which(name)]
        if "php" not in absent:
            loaded = subprocess.run(["php", "-m"], capture_output=True, text=True).stdout.split()
            absent += [
                f"php {name}" for name in ("mysqli", "xml", "mbstring") if name not in loaded
            ]
        if not ROOT.is_dir():
            absent.append("Debian's package wordpress")
        return ", ".join(absent)

    def install(self) -> None:
        """By apt. The package of WordPress wants a web server, so it is only unpacked."""
        apt = ["apt-get", "-qq", "-y", "--no-install-recommends"]
        subprocess.run([*apt, "update"], check=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*apt, "install", *PACKAGES.split()], check=True, env=environment)
        HERE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", "wordpress"], check=True, cwd=HERE)
        package = max(HERE.glob("wordpress_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package.name, "tree"], check=True, cwd=HERE)

    def start(self, folder: Path) -> None:
        """MariaDB, the installation, then PHP."""
        self.port = free_port()
        url, socket = f"http://127.0.0.1:{self.port}", folder / "m.sock"
        (folder / "content").mkdir()
        (ROOT / "wp-config.php").write_text(CONFIG)
        (folder / "seed.php").write_text(SEED)
        (folder / "router.php").write_text(ROUTER)
        environment = self._environment = {
            "PATH": os.environ["PATH"],
            "WP_ROOT": str(ROOT),
            "WP_CONTENT": str(folder / "content"),
            "WP_SOCKET": str(socket),
            "WP_URL": url,
            "PHP_CLI_SERVER_WORKERS": "4",
        }
        data = [f"--datadir={folder / 'db'}", f"--user={getpass.getuser()}"]
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                *data,
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        database = ["mariadbd", "--no-defaults", *data, f"--socket={socket}", "--skip-networking"]
        self._run([*database, f"--pid-file={folder / 'm.pid'}"], folder, environment)
        client = ["mariadb", "--no-defaults", "-u", "root", f"--socket={socket}", "-e"]
        wait_until(
            lambda: (
                not subprocess.run(
                    [*client, "CREATE DATABASE IF NOT EXISTS wp CHARACTER SET utf8mb4"],
                    stderr=subprocess.DEVNULL,
                ).returncode
            ),
            60,
            "the start of MariaDB",
        )
        seeded = subprocess.run(
            ["php", str(folder / "seed.php")], env=environment, check=True, capture_output=True
        )
        self._people = json.loads(seeded.stdout.splitlines()[-1])
        self.version = self._people.pop("version")
        web = ["php", "-S", f"127.0.0.1:{self.port}", "-t", str(ROOT), str(folder / "router.php")]
        self._run(web, folder, environment)
        self.settings = {
            "base_url": url,
            "username": "expert",
            "application_password": self._people["expert"]["password"],
            "quiet_seconds": 1,
        }
        wait_until(self._answers, 60, "the start of WordPress")

    def _run(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        with (folder / f"{command[0]}.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    command, env=environment, stdout=log, stderr=log, start_new_session=True
                )
            )

    def _answers(self) -> bool:
        try:
            return bool(self._call("GET", "/users/me"))
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """PHP with its workers, then MariaDB."""
        while self._processes:
            process = self._processes.pop()
            for blow in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, blow)
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    continue
                except ProcessLookupError:
                    process.wait()
                break

    def via(self, url: str) -> dict[str, Any]:
        """The settings with another address."""
        return {**self.settings, "base_url": url}

    def without_right(self) -> dict[str, Any]:
        """An application password that was revoked."""
        return {**self.settings, "application_password": "aaaa bbbb cccc dddd eeee ffff"}

    def person(self, name: str) -> dict[str, Any]:
        """The settings with somebody else's account."""
        password = self._people[name]["password"]
        return {**self.settings, "username": name, "application_password": password}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
        **more: Any,
    ) -> str:
        """A comment on a new post, or on that of the thread."""
        if thread:
            place = self.comment(thread)["post"]
        else:
            article = {"title": "A question", "status": "publish", "content": "Please ask here."}
            place = self._call("POST", "/posts", article)["id"]
        said = {
            "post": place,
            "parent": int(parent or 0),
            "content": html.escape(text, quote=False),
        }
        said["author"] = self._people[by]["id"]
        return str(self._call("POST", "/comments", {**said, **more})["id"])

    def change(self, post_id: str, text: str) -> None:
        """By an administrator; `set` changes other fields."""
        self.set(post_id, content=html.escape(text, quote=False))

    def delete(self, post_id: str) -> None:
        """To the trash."""
        self._call("DELETE", f"/comments/{post_id}")

    def lock(self, thread: str) -> None:
        """Takes no more comments."""
        self._call("POST", f"/posts/{self.comment(thread)['post']}", {"comment_status": "closed"})

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """By an administrator."""
        self.change(ref["post_id"], text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """By an administrator."""
        self.delete(ref["post_id"])

    def texts(self, thread: str) -> list[str]:
        """Approved comments of the post."""
        place = self.comment(thread)["post"]
        rows = self._call("GET", f"/comments?post={place}&per_page=100&context=edit")
        return [html.unescape(row["content"]["raw"]) for row in rows]

    def comment(self, post_id: str) -> Any:
        """A comment as an administrator sees it."""
        return self._call("GET", f"/comments/{post_id}?context=edit")

    def set(self, post_id: str, **fields: Any) -> None:
        """Changes fields of a comment as an administrator, such as its `status`."""
        self._call("POST", f"/comments/{post_id}", fields)

    def moderate(self, post_id: str, status: str) -> None:
        """Sets the status as the pages of the site do, which leave the user agent alone."""
        name = {"approved": "approve"}.get(status, status)
        self._php(f"wp_set_comment_status({int(post_id)}, '{name}');")

    def delete_for_good(self, post_id: str) -> None:
        """Past the trash."""
        self._call("DELETE", f"/comments/{post_id}?force=true")

    def say_many(self, thread: str, count: int) -> list[str]:
        """Comments of the patient, all at once and in the same second."""
        place, author = self.comment(thread)["post"], self._people["patient"]["id"]
        code = f"""
            for ($n = 0; $n < {count}; $n++) {{
                echo wp_insert_comment(['comment_post_ID' => {place}, 'user_id' => {author},
                    'comment_author' => 'patient', 'comment_content' => "Comment $n"]), ' ';
            }}"""
        return self._php(code).split()

    @contextmanager
    def option(self, name: str, value: str) -> Iterator[None]:
        """Another setting of the site, for a while."""
        before = self._php(f"echo get_option('{name}'); update_option('{name}', '{value}');")
        yield
        self._php(f"update_option('{name}', '{before}');")

    def _php(self, code: str) -> str:
        start = "define('ABSPATH', getenv('WP_ROOT') . '/'); require ABSPATH . 'wp-config.php';"
        done = subprocess.run(
            ["php", "-r", start + code],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        secret = f"admin:{self._people['admin']['password']}".encode()
        answer = httpx.request(
            method,
            f"http://127.0.0.1:{self.port}/wp-json/wp/v2{path}",
            json=body,
            headers={"Authorization": f"Basic {base64.b64encode(secret).decode()}"},
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()
