"""Downloads against a server on this machine: whole, resumed, refused, cut off and unreachable."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mvfa_core.data.catalogue import Remote
from mvfa_core.data.download import DownloadError, fetch

CONTENT = bytes(range(256)) * 4_000
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


class Server(ThreadingHTTPServer):
    """Answers with CONTENT; `ranges` says whether it can go on, `cut` after how many bytes it hangs up."""

    ranges = True
    cut: int | None = None
    status = 200
    kind = "application/octet-stream"
    tell_length = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/set.tar"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, asked = self.server, self.headers.get("Range")
        server.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranges else 0
        if server.status != 200:
            self.send_error(server.status)
            return
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if asked and server.ranges else 200)
        if asked and server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Type", server.kind)
        if server.tell_length:
            self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : server.cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


def test_a_file_comes_whole_and_once(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    file = fetch(Remote(server.url, MD5, len(CONTENT)), tmp_path, progress=lambda *values: told.append(values))
    assert file.read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["set.tar"]
    assert told[-1] == ("downloading set.tar", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted({done for _, done, _ in told})
    assert fetch(Remote(server.url, MD5), tmp_path) == file
    assert server.asked == [None]


def test_a_broken_download_is_kept_and_goes_on(server: Server, tmp_path: Path) -> None:
    server.cut = 300_000
    with pytest.raises(DownloadError, match=r"broke off .*300,000 bytes are kept and the next call goes on from there"):
        fetch(Remote(server.url, MD5), tmp_path)
    assert (tmp_path / "set.tar.part").stat().st_size == 300_000
    assert not (tmp_path / "set.tar").exists()
    server.cut = None
    assert fetch(Remote(server.url, MD5), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_a_server_that_cannot_go_on_starts_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set.tar.part").write_bytes(b"x" * 1000)
    server.ranges = False
    assert fetch(Remote(server.url, MD5), tmp_path).read_bytes() == CONTENT


def test_all_of_it_was_there_already(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set.tar.part").write_bytes(CONTENT)
    assert fetch(Remote(server.url, MD5), tmp_path).read_bytes() == CONTENT


def test_no_length_is_told(server: Server, tmp_path: Path) -> None:
    server.tell_length = False
    assert fetch(Remote(server.url, MD5), tmp_path).read_bytes() == CONTENT


def test_another_content_is_refused_and_removed(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"set\.tar: its md5 is [0-9a-f]{32}, expected 0{32}; removed, try again"):
        fetch(Remote(server.url, "md5:" + "0" * 32), tmp_path)
    with pytest.raises(DownloadError, match=r"set\.tar: expected 5 bytes, got 1,024,000; removed"):
        fetch(Remote(server.url, None, 5), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_spoilt_part_is_found_out(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set.tar.part").write_bytes(b"x" * 1000)
    with pytest.raises(DownloadError, match="its md5 is"):
        fetch(Remote(server.url, MD5), tmp_path)
    assert fetch(Remote(server.url, MD5), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 503])
def test_the_server_s_refusal_is_told(status: int, server: Server, tmp_path: Path) -> None:
    server.status = status
    with pytest.raises(DownloadError, match=rf"set\.tar: the server answers {status} "):
        fetch(Remote(server.url), tmp_path)


def test_a_web_page_is_no_dataset(server: Server, tmp_path: Path) -> None:
    server.kind = "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="a web page came instead of the file"):
        fetch(Remote(server.url), tmp_path)
    assert not list(tmp_path.iterdir())


def test_offline(tmp_path: Path) -> None:
    with Server() as closed:
        url = closed.url
    with pytest.raises(DownloadError, match=r"set\.tar: cannot be reached or broke off \(.*refused"):
        fetch(Remote(url), tmp_path)
